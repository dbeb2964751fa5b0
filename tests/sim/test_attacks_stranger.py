"""An attacker's own machine at the end of a link."""

from holub_crypto.identity import Identity
from holub_protocol.frames import Hello, decode
from holub_protocol.frames import encode as encode_frame
from holub_protocol.framing import FrameBuffer, frame_bytes
from holub_sim.attacks.actor import Machine
from holub_sim.attacks.stranger import Stranger
from holub_sim.network import Quality, Wire
from holub_sim.world import World
from support_attacks import START_S
from support_sim import Ear

QUALITY = Quality(latency_us=1000, jitter_us=0, bits_per_s=1_000_000, loss_ppm=0)


def test_it_greets_hears_and_forgets() -> None:
    """It says HELLO first; the answer makes the link a live one of its machine, until it ends."""
    world = World(1, START_S)
    machine, ear = Machine(world), Ear("ear")
    stranger = Stranger(world, "x", Identity.from_seed(bytes(32)), machine)
    wire = Wire(world, stranger, ear, QUALITY)
    wire.dial()
    world.run(60_000_000)
    assert not ear.ups  # it does not run yet
    stranger.running = True
    wire.end_came_back()
    world.run(70_000_000)
    buffer = FrameBuffer()
    for _, data in ear.heard:
        buffer.feed(data)
    assert isinstance(decode(buffer.next() or b""), Hello)
    (line,) = machine.lines.values()
    assert not line.salt
    ear.say(frame_bytes(encode_frame(Hello(1, b"n" * 16, 4096, 65_536, 1))))
    world.run(71_000_000)
    assert line.salt
    assert wire.connection is not None
    wire.connection.take_down(1)
    world.run(71_500_000)
    assert machine.lines.get(line.number) is None
