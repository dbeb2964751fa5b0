"""A machine of an attacker: what passes, what it adds, and how much."""

from holub_protocol.frames import Credit, Frame, Hello, Put
from holub_protocol.frames import encode as encode_frame
from holub_protocol.framing import FrameBuffer, frame_bytes
from holub_protocol.kinds.sealed import SealedBody
from holub_sim.attacks.actor import Actor, Line, Machine, message_in, started
from support_attacks import Spoken, means, put_of

HELLOS = [
    frame_bytes(encode_frame(Hello(1, letter * 16, 4096, 65_536, 1))) for letter in (b"a", b"b")
]


class Silencer(Actor):
    """Lets no message out, and says something small each time it may."""

    def says(self, line: Line, frame: Frame) -> tuple[Frame, ...]:
        """Everything but messages."""
        return () if isinstance(frame, Put) else (frame,)

    def craft(self, line: Line) -> int:
        """A hundred bytes."""
        return line.raw(bytes(100))


def live_machine() -> tuple[Machine, Silencer, bytearray]:
    """A machine with one live link, and what it adds there."""
    given = means()
    machine, actor, added = Machine(given.world), Silencer(given), bytearray()
    machine.actors.append(actor)
    machine.up(7, b"p" * 32, added.extend)
    assert machine.says(7, HELLOS[0]) == HELLOS[0]
    assert machine.hears(7, HELLOS[1]) == HELLOS[1]
    return machine, actor, added


def test_before_it_begins_everything_passes_as_it_was() -> None:
    """Bytes come out in whole frames and unchanged, however the stream was cut."""
    machine, _, added = live_machine()
    data = frame_bytes(encode_frame(put_of(means())))
    assert machine.says(7, data) == data
    assert machine.hears(7, data[:5]) == b""
    assert machine.hears(7, data[5:]) == data
    assert not added


def test_the_own_node_is_told_that_what_was_dropped_was_read() -> None:
    """Else its window would fill, and it would say nothing that could be dropped."""
    machine, actor, _ = live_machine()
    machine.begin(actor)
    dropped = encode_frame(put_of(actor.means))
    assert machine.says(7, frame_bytes(dropped)) == b""
    buffer = FrameBuffer()
    buffer.feed(machine.hears(7, b""))
    assert buffer.next() == encode_frame(Credit(len(dropped)))
    assert machine.hears(7, b"") == b""


def test_it_adds_no_more_than_its_budget() -> None:
    """2,000 bytes a second in pieces of 100 are 20 a second; nothing after the end."""
    machine, actor, added = live_machine()
    machine.begin(actor)
    actor.means.world.run(10_000_000)
    assert len(added) == 10 * 2000
    actor.end()
    actor.means.world.run(20_000_000)
    assert len(added) == 10 * 2000


def test_bytes_on_an_unknown_link_pass() -> None:
    """A link that the machine does not know is not its business."""
    machine, _, _ = live_machine()
    machine.down(7)
    assert machine.says(7, b"xyz") == b"xyz"


def test_a_message_is_pushed_whole_or_in_pieces() -> None:
    """What does not fit one frame comes in several that give the whole again."""
    line = Spoken()
    raw = bytes(range(256)) * 16
    used = line.put(b"i" * 32, raw)
    frames = line.frames()
    assert used == len(line.data)
    assert len(frames) == 2
    assert b"".join(frame.data for frame in frames if isinstance(frame, Put)) == raw


def test_the_ledger_hears_of_what_nodes_may_take_in_and_of_nothing_else() -> None:
    """A message by an enrolled key of the right role is expected; by another it would be a
    broken rule if a node took it in."""
    actor = Actor(means())
    body = SealedBody(bytes(8), bytes(48))
    mine = actor.sign(actor.means.identity, "checkin", body)
    actor.sign(actor.means.identity, "bulletin", body)
    actor.sign(actor.means.realm.identity("nobody"), "checkin", body)
    actor.sign(actor.means.identity, "checkin", body, valid=False)
    assert list(actor.means.ledger.forged) == [mine.id]


def test_messages_are_read_from_frames() -> None:
    """Only whole ones, and starts are told from ends."""
    given = means()
    put = put_of(given)
    assert started(message_in(put, given.realm.id))
    assert message_in(Put(b"s" * 5, 0, len(put.data) + 1, 0, put.data), given.realm.id) is None
    assert not started(None)
