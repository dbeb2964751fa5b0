"""An attacker's own machine: a link's end without a node behind it."""

from holub_crypto.identity import Identity
from holub_protocol.frames import VERSION, Hello
from holub_protocol.frames import encode as encode_frame
from holub_protocol.framing import frame_bytes
from holub_protocol.limits import FRAME_BYTES_MAX, NONCE_BYTES, WINDOW_BYTES_MAX
from holub_sim.attacks.actor import Machine
from holub_sim.network import Pipe
from holub_sim.world import World

_CHARTER = 1


class Stranger:
    """Greets, and leaves the rest to its machine; it admits everybody."""

    def __init__(self, world: World, name: str, identity: Identity, machine: Machine) -> None:
        """Not running: nobody answers at its end."""
        self.name, self.public, self.running = name, identity.public, False
        self._machine, self._stream = machine, world.stream(f"nonces/{name}")

    def admits(self, peer: bytes) -> bool:
        """There is always a place."""
        return True

    def link_up(self, link: int, peer: bytes, pipe: Pipe) -> None:
        """Greet."""
        self._machine.up(link, peer, pipe.send)
        nonce = self._stream.bytes(NONCE_BYTES)
        hello = Hello(VERSION, nonce, FRAME_BYTES_MAX, WINDOW_BYTES_MAX, _CHARTER)
        pipe.send(self._machine.says(link, frame_bytes(encode_frame(hello))))

    def link_down(self, link: int) -> None:
        """The other end is gone."""
        self._machine.down(link)

    def receive(self, link: int, data: bytes) -> None:
        """Hear what the victim says; there is no node to hand it to."""
        self._machine.hears(link, data)
