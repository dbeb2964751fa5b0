"""One link: greeting, pieces, refusals, and when it is closed."""

import pytest

from holub_protocol.frames import (
    Bye,
    Credit,
    Hello,
    IHave,
    Need,
    PeerAddress,
    Peers,
    Put,
    Root,
    Want,
    decode,
    encode,
)
from holub_protocol.framing import FrameBuffer, frame_bytes
from holub_protocol.holdings import Holdings
from holub_protocol.kinds import Class
from holub_protocol.policy import Policy
from holub_protocol.refusal import Refusal
from holub_protocol.session import Session, Stage
from support_realm import key, now_at
from support_shelf import Shelf

PEER = key("peer").public
HELLO = Hello(1, b"p" * 16, 512, 2048, 1)


def session(greeted: bool = True) -> Session:
    """Return a session, live unless told otherwise."""
    made = Session(1, PEER, True, b"n" * 16, Policy(), 1, now_at(0))
    if greeted:
        hear(made, HELLO)
    return made


def hear(made: Session, *frames: object) -> None:
    """Let a session hear frames as they come from a stream."""
    for frame in frames:
        for heard in made.frames(frame_bytes(encode(frame))):  # type: ignore[arg-type]
            made.hear(heard, Shelf(), now_at(0))


def said(made: Session) -> list[object]:
    """Return what a session says now."""
    buffer = FrameBuffer()
    while (ready := made.next(Shelf(), now_at(0))) is not None:
        buffer.feed(ready[0])
    frames: list[object] = []
    while (raw := buffer.next()) is not None:
        frames.append(decode(raw))
    return frames


def test_it_greets_at_once_and_takes_the_peers_limits() -> None:
    """HELLO goes out unasked; the smaller frame size and the peer's window hold from then on."""
    made = session(greeted=False)
    assert isinstance(said(made)[0], Hello)
    stages = [made.stage]
    hear(made, HELLO)
    stages.append(made.stage)
    assert stages == [Stage.GREETING, Stage.LIVE]
    assert (made.outbox.frame_bytes, made.outbox.window_bytes) == (512, 2048)
    assert made.peer_charter == 1


@pytest.mark.parametrize(
    ("greeted", "frame", "why"),
    [
        (False, Root(True, ()), "ROOT while greeting"),
        (False, Peers((PeerAddress(bytes(4), 7447, PEER),)), "PEERS while greeting"),
        (True, HELLO, "HELLO while live"),
        (False, Hello(1, b"n" * 16, 512, 2048, 1), "our own nonce"),
        (True, Bye(3, 0), "BYE 3"),
        (False, Bye(1, 0), "BYE 1"),
    ],
)
def test_a_frame_out_of_place_closes_the_link(greeted: bool, frame: object, why: str) -> None:
    """What is allowed when is a table: anything else ends this link, with the reason."""
    made = session(greeted)
    hear(made, frame)
    assert made.close is not None
    assert why in made.close
    assert made.next(Shelf(), now_at(0)) is None


@pytest.mark.parametrize("junk", [b"\x00\x00", b"\xff\xff", b"\x00\x01\xff", b"\x00\x02\x80\x80"])
def test_a_broken_stream_closes_the_link(junk: bytes) -> None:
    """Lengths of nothing or beyond the cap, and bytes that are no frame, end the link."""
    made = session()
    assert list(made.frames(junk)) == []
    assert made.close is not None
    assert made.close.startswith("broken stream")


def test_unknown_frame_types_are_counted_and_passed_over() -> None:
    """A later version may say more: what is not known is not an error."""
    made = session()
    assert list(made.frames(frame_bytes(b"\x82\x18\x63\x01"))) == []
    assert made.close is None
    assert made.stats(Holdings(1 << 20)).unknown_frames == 1


def test_pieces_become_a_message_only_in_their_order() -> None:
    """A message in pieces comes whole from the first byte on; a gap starts it anew."""
    made = session()
    first, second = Put(b"12345", 0, 6, 0, b"abc"), Put(b"12345", 0, 6, 3, b"def")
    assert made.assemble(second) is None
    assert made.assemble(first) is None
    assert made.assemble(second) == b"abcdef"
    assert made.assemble(Put(b"12345", 0, 3, 0, b"xyz")) == b"xyz"


def test_unfinished_pieces_are_bounded() -> None:
    """Fragments that never end (attack 14) cost eight messages' room: the oldest goes."""
    made = session()
    for number in range(20):
        made.assemble(Put(bytes([number]) * 5, 0, 6, 0, b"abc"))
    assert made.assemble(Put(bytes([19]) * 5, 0, 6, 3, b"def")) == b"abcdef"
    assert made.assemble(Put(bytes([0]) * 5, 0, 6, 3, b"def")) is None


def test_credit_comes_once_a_turn() -> None:
    """What was consumed is told in one frame, as soon as the node next says anything at all."""
    made = session()
    said(made)
    put = Put(b"12345", 0, 400, 0, bytes(400))
    for _ in range(30):
        list(made.frames(frame_bytes(encode(put))))
    (credit,) = said(made)
    assert credit == Credit(30 * len(encode(put)))
    assert said(made) == []


def test_a_peer_that_keeps_offering_forgeries_is_closed() -> None:
    """An honest relay verifies before it forwards: a fourth bad signature ends the link."""
    made = session()
    for number in range(4):
        assert made.close is None
        made.refuse(bytes([number]) * 8, Refusal.BAD_SIGNATURE)
    assert made.close == "too many bad signatures or chunks"


def test_a_peer_that_keeps_offering_junk_is_closed() -> None:
    """Malformed items are patience's end after sixteen."""
    made = session()
    for number in range(17):
        made.refuse(bytes([number]) * 8, Refusal.MALFORMED)
    assert made.close == "too many malformed messages"
    assert made.stats(Holdings(1 << 20)).refusals == ((Refusal.MALFORMED, 17),)


def test_a_forgery_is_not_answered_and_not_asked_for_again() -> None:
    """What a forger offers again is neither wanted nor refused in words."""
    made = session()
    said(made)
    made.refuse(b"short", Refusal.BAD_SIGNATURE)
    hear(made, IHave(Class.PEOPLE, (b"short",)))
    assert said(made) == []
    hear(made, IHave(Class.PEOPLE, (b"other",)))
    assert said(made) == [Want(Class.PEOPLE, (b"other",))]


def test_a_refusal_for_now_is_not_told() -> None:
    """Only what is final is said to the peer: the rest may be offered again."""
    made = session()
    said(made)
    made.refuse(b"12345", Refusal.FULL)
    assert said(made) == []
    made.refuse(b"12345", Refusal.EXPIRED)
    assert [type(frame).__name__ for frame in said(made)] == ["Refuse"]


def test_grants_are_asked_for_once_in_ten_seconds() -> None:
    """A flood of unknown signers makes one NEED for each key."""
    made = session()
    said(made)
    for at in (0, 1, 9.9, 10):
        made.need(b"h" * 8, now_at(at))
    assert said(made) == [Need((b"h" * 8,)), Need((b"h" * 8,))]


def test_a_link_that_says_nothing_is_closed() -> None:
    """Ten seconds without HELLO are enough (slow-loris)."""
    made = session(greeted=False)
    assert made.next_wake_us() == 10_000_000
    made.wake(Shelf(), now_at(9))
    assert made.close is None
    made.wake(Shelf(), now_at(10))
    assert made.close == "no HELLO"


def test_a_peer_that_makes_us_answer_too_much_is_closed() -> None:
    """Answers beyond 64 KiB to what came at once end the link (attack 17)."""
    made = session()
    for _ in range(40):
        made.outbox.say(IHave(Class.PEOPLE, (bytes(5),) * 800))
    said(made)
    assert made.close == "the peer does not read"


def test_statistics_tell_the_link() -> None:
    """An operator sees who the peer is, whether it is live, and what went both ways."""
    made = session()
    said(made)
    stats = made.stats(Holdings(1 << 20))
    assert (stats.peer, stats.live, stats.link) == (PEER, True, 1)
    assert stats.frames_in == 1
    assert stats.bytes_out > 0


def met(count: int) -> tuple[PeerAddress, ...]:
    """Return addresses of `count` relays, the highest key first."""
    return tuple(PeerAddress(bytes(16), 7447, bytes([n]) * 32) for n in range(count, 0, -1))


@pytest.mark.parametrize(("frame_bytes", "fit"), [(256, 4), (384, 6), (4096, 8)])
def test_it_tells_as_many_peers_as_a_frame_of_this_link_holds(frame_bytes: int, fit: int) -> None:
    """The first that fit go out, ascending; before HELLO nothing does."""
    made = session(greeted=False)
    assert made.tell_peers(met(8)) == 0
    hear(made, Hello(1, b"p" * 16, frame_bytes, 2048, 1))
    assert made.tell_peers(met(8)) == fit
    assert made.tell_peers(()) == 0
    assert [frame for frame in said(made) if isinstance(frame, Peers)] == [
        Peers(tuple(reversed(met(8)[:fit])))
    ]


def test_peers_are_heeded_once_in_ten_seconds() -> None:
    """A peer that names addresses all the time is listened to no more often, on each link."""
    made = session()
    heeded = [second for second in range(31) if made.heeds_peers(now_at(second))]
    assert heeded == [0, 10, 20, 30]
