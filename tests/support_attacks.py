"""An attacker's means and a link of his that keeps what is said on it, for tests of one actor."""

from holub_crypto.identity import Identity
from holub_crypto.trust import Role
from holub_protocol.areas import ukraine
from holub_protocol.codec import decode
from holub_protocol.codec import encode as encode_message
from holub_protocol.frames import Frame, Hello, Put
from holub_protocol.frames import decode as decode_frame
from holub_protocol.framing import FrameBuffer
from holub_protocol.hazards import hazard_named
from holub_protocol.kinds import kind_named
from holub_protocol.kinds.alert import AlertBody, Verb
from holub_protocol.message import Message
from holub_sim.attacks.actor import Actor, Line, Means
from holub_sim.ledger import Ledger
from holub_sim.realm import Office, Realm
from holub_sim.world import World

START_S = 1_772_366_400
KYIV = 93317


def means(seed: int = 1, **changes: object) -> Means:
    """Return what an insider with a relay's granted key has, and a desk's stolen one."""
    world = World(seed, START_S)
    realm = Realm(world, ukraine(), "test", (Office("city", (KYIV,)),))
    identity, desk = realm.identity("d1/r1"), realm.identity("desk/city")
    realm.enrolled[identity.public] = Role.RELAY
    realm.enrolled[desk.public] = Role.AUTHORITY
    own: dict[str, object] = {
        "world": world,
        "realm": realm,
        "ledger": Ledger(),
        "name": "attacker",
        "identity": identity,
        "stream": world.stream("attacker"),
        "host": None,
        "fellows": (),
        "desk": desk,
        "areas": (KYIV,),
        "bytes_per_s": 2000,
        "identities": 4,
        "drop_ppm": 500_000,
    }
    return Means(**{**own, **changes})  # type: ignore[arg-type]


class Spoken(Line):
    """A live line that keeps the frames said on it."""

    def __init__(self, number: int = 1, peer: bytes = b"p" * 32) -> None:
        """Both ends have said HELLO."""
        self.data = bytearray()
        super().__init__(number, peer, self.data.extend)
        self.passes(Hello(1, b"a" * 16, 4096, 65_536, 1), inward=False)
        self.passes(Hello(1, b"b" * 16, 4096, 65_536, 1), inward=True)

    def frames(self) -> list[Frame]:
        """Return what was said so far; raises where it is no frame of the protocol."""
        buffer, found = FrameBuffer(), []
        buffer.feed(self.data)
        while (raw := buffer.next()) is not None:
            frame = decode_frame(raw)
            assert frame is not None
            found.append(frame)
        return found


def crafted(actor: Actor, count: int) -> list[Message]:
    """Let an actor craft so often, and return the messages that could be read."""
    line = Spoken()
    for _ in range(count):
        actor.craft(line)
    realm_id = actor.means.realm.id
    read = [decode(frame.data, realm_id) for frame in line.frames() if isinstance(frame, Put)]
    return [message for message in read if isinstance(message, Message)]


def put_of(given: Means, identity: Identity | None = None, verb: Verb = Verb.START) -> Put:
    """Return a frame that brings an alert of the desk, or of another key."""
    body = AlertBody(verb, (), hazard_named("air-raid").number)
    raw = encode_message(
        identity or given.desk or given.identity,
        given.realm.id,
        kind_named("alert"),
        created_s=START_S,
        k=0,
        lifetime_s=86_400,
        area=KYIV,
        body=body,
    )
    return Put(b"s" * 5, 3, len(raw), 0, raw)
