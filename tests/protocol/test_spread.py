"""Which neighbours get a new message at once."""

from holub_protocol.frames import Hello, IHave, Put, decode, encode
from holub_protocol.framing import FrameBuffer, frame_bytes
from holub_protocol.kinds import Class
from holub_protocol.policy import Policy
from holub_protocol.session import Session
from holub_protocol.spread import spread
from holub_protocol.storage import Row, State
from support_realm import key, now_at
from support_shelf import Shelf


def neighbours(shelf: Shelf, count: int) -> list[Session]:
    """Return sessions, all greeted but the last."""
    sessions = []
    for number in range(count):
        session = Session(
            number, key(f"peer {number}").public, True, b"n" * 16, Policy(), 1, now_at(0)
        )
        if number < count - 1:
            hello = frame_bytes(encode(Hello(1, bytes([number]) * 16, 4096, 65_536, 1)))
            for frame in session.frames(hello):
                session.hear(frame, shelf, now_at(0))
        told(session, shelf)
        sessions.append(session)
    return sessions


def told(session: Session, shelf: Shelf) -> str:
    """Return how a session passes a message on: its bytes, its id, or nothing."""
    buffer = FrameBuffer()
    while (ready := session.next(shelf, now_at(0))) is not None:
        buffer.feed(ready[0])
    kinds = []
    while (raw := buffer.next()) is not None:
        kinds.append(type(decode(raw)))
    return "bytes" if Put in kinds else "id" if IHave in kinds else "nothing"


def passed_on(cls: Class, size: int, link: int = -1) -> list[str]:
    """Return what seven neighbours get of a message that came by `link`."""
    shelf = Shelf()
    sessions = neighbours(shelf, 7)
    id_ = shelf.hold("message", cls, size)
    row = Row(id_, 12, cls, b"k" * 32, 0, 0, 0, 0, 0, size, State.HELD, 0, 0, 0)
    spread(sessions, row, link, 3, now_at(0))
    return [told(session, shelf) for session in sessions]


def test_alerts_go_to_everybody_who_has_greeted() -> None:
    """Class 0 floods, but for the link that it came by and one that has not said HELLO."""
    assert passed_on(Class.ALERT, 500, link=2) == [
        "bytes", "bytes", "nothing", "bytes", "bytes", "bytes", "nothing",
    ]  # fmt: skip


def test_small_messages_go_to_three_and_their_ids_to_the_rest() -> None:
    """Three copies and some ids cost less than six copies, and reach as many."""
    got = passed_on(Class.PEOPLE, 500)
    assert [got.count(what) for what in ("bytes", "id", "nothing")] == [3, 3, 1]


def test_large_messages_are_only_offered() -> None:
    """Above 1 KiB nobody gets bytes that it has not asked for."""
    assert passed_on(Class.OFFICIAL, 1500).count("id") == 6
