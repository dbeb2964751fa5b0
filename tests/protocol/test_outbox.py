"""The order in which frames leave, and how many bytes at once."""

from holub_protocol.frames import Frame, IdList, IHave, Put, Range, Root, decode
from holub_protocol.kinds import Class
from holub_protocol.limits import OUTBOX_BYTES
from holub_protocol.outbox import Outbox
from support_realm import now_at
from support_shelf import Shelf

SALT = b"s" * 32


def ready(outbox: Outbox, shelf: Shelf, at_s: float = 0) -> list[tuple[Frame, bool]]:
    """Return all frames that may leave now."""
    frames = []
    while (item := outbox.next(shelf, SALT, now_at(at_s))) is not None:
        frame = decode(item[0][2:])
        assert frame is not None
        frames.append((frame, item[1]))
    return frames


def totals(frames: list[tuple[Frame, bool]]) -> list[int]:
    """Return the message sizes that PUT frames tell."""
    return [frame.total for frame, _ in frames if isinstance(frame, Put)]


def opened() -> Outbox:
    """Return an outbox after HELLO with wide limits."""
    outbox = Outbox()
    outbox.frame_bytes, outbox.window_bytes = 4096, 1 << 20
    outbox.pace.window_bytes = 1 << 20
    return outbox


def test_classes_leave_in_their_order_whatever_came_first() -> None:
    """Bulk queued first leaves last; ranges of a class follow its messages."""
    outbox, shelf = opened(), Shelf()
    for name, cls in (("c", Class.BULK), ("b", Class.OFFICIAL), ("a", Class.ALERT)):
        outbox.put(shelf.hold(name, cls, 100), cls)
    outbox.answer((Range(Class.ALERT, b"", (IdList(b"", ()),)),))
    outbox.say(Root(False, ()))
    kinds = [type(frame) for frame, _ in ready(outbox, shelf)]
    assert kinds == [Root, Put, Range, Put, Put]
    assert outbox.messages_out == 3


def test_lower_classes_share_by_weight_and_lend_what_they_do_not_use() -> None:
    """Notices, people and bulk get 4:3:1 of the bytes; alone, each gets everything."""
    outbox, shelf = opened(), Shelf()
    for cls in (Class.BULK, Class.PEOPLE, Class.OFFICIAL):
        for number in range(80):
            outbox.put(shelf.hold(f"{cls} {number}", cls, 100 + cls), cls)
    first = [total - 100 for total in totals(ready(outbox, shelf))[:160]]
    shares = [first.count(cls) for cls in (Class.OFFICIAL, Class.PEOPLE, Class.BULK)]
    assert [round(share / 20) for share in shares] == [4, 3, 1]
    outbox.put(shelf.hold("late notice", Class.OFFICIAL, 50), Class.OFFICIAL)
    assert totals(ready(outbox, shelf)) == [50]


def test_an_alert_overtakes_a_message_that_is_half_sent() -> None:
    """Each piece is a frame of its own, so nothing has to finish before an alert goes."""
    outbox, shelf = opened(), Shelf()
    outbox.frame_bytes = 256
    outbox.put(shelf.hold("long", Class.BULK, 700), Class.BULK)
    first = outbox.next(shelf, SALT, now_at(0))
    assert first is not None
    outbox.put(shelf.hold("alert", Class.ALERT, 100), Class.ALERT)
    assert totals(ready(outbox, shelf)) == [100, 700, 700, 700]


def test_the_window_holds_bodies_back_but_not_small_frames() -> None:
    """A peer that consumes nothing gets a window of bodies, and still its credit and roots."""
    outbox, shelf = opened(), Shelf()
    outbox.frame_bytes, outbox.window_bytes = 1024, 2048
    for number in range(5):
        outbox.put(shelf.hold(f"n{number}", Class.PEOPLE, 900), Class.PEOPLE)
    assert len(ready(outbox, shelf)) == 2
    outbox.say(IHave(Class.PEOPLE, ()))
    assert [type(frame) for frame, _ in ready(outbox, shelf)] == [IHave]
    outbox.credit(10_000, now_at(0))
    assert outbox.pace.in_flight_bytes == 0
    assert len(ready(outbox, shelf)) == 2
    assert outbox.waiting() == 1


def test_a_frame_larger_than_the_window_still_leaves_when_nothing_is_under_way() -> None:
    """A window below the frame size slows a link down but never stops it."""
    outbox, shelf = opened(), Shelf()
    outbox.frame_bytes, outbox.window_bytes = 4096, 512
    outbox.put(shelf.hold("a", Class.PEOPLE, 900), Class.PEOPLE)
    assert len(ready(outbox, shelf)) == 1


def test_only_others_alerts_may_leave_before_the_commit() -> None:
    """Urgent means: a PUT of the alert group that was not signed here."""
    outbox, shelf = opened(), Shelf()
    theirs, ours = shelf.hold("x", Class.ALERT, 50), shelf.hold("y", Class.ALERT, 50)
    shelf.own.add(ours)
    for id_ in (theirs, ours):
        outbox.put(id_, Class.ALERT)
    outbox.put(shelf.hold("z", Class.PEOPLE, 50), Class.PEOPLE)
    assert [urgent for _, urgent in ready(outbox, shelf)] == [True, False, False]


def test_a_body_that_is_gone_is_passed_over() -> None:
    """What was evicted or damaged while it waited holds nothing up; its age goes with the rest."""
    outbox, shelf = opened(), Shelf()
    gone, there = shelf.hold("gone", Class.PEOPLE, 50), shelf.hold("there", Class.PEOPLE, 60)
    outbox.put(gone, Class.PEOPLE)
    outbox.put(there, Class.PEOPLE)
    del shelf.bodies[gone]
    sent = ready(outbox, shelf, at_s=10)
    frames = [frame for frame, _ in sent]
    assert totals(sent) == [60]
    assert [frame.age_s for frame in frames if isinstance(frame, Put)] == [17]


def test_too_many_small_frames_at_once_make_it_overfull() -> None:
    """A peer that makes us answer more than 64 KiB in one go is about to be closed."""
    outbox = opened()
    frame = IHave(Class.PEOPLE, (bytes(8),) * 500)
    for _ in range(OUTBOX_BYTES // 4000):
        outbox.say(frame)
    assert not outbox.overfull
    outbox.say(frame)
    assert outbox.overfull


def test_an_id_waits_once_and_can_be_dropped() -> None:
    """Asking twice sends once; a refusal by the peer takes it out."""
    outbox, shelf = opened(), Shelf()
    id_ = shelf.hold("a", Class.PEOPLE, 50)
    outbox.put(id_, Class.PEOPLE)
    outbox.put(id_, Class.PEOPLE)
    assert outbox.waiting() == 1
    assert outbox.busy(Class.PEOPLE)
    outbox.drop(id_, Class.PEOPLE)
    assert ready(outbox, shelf) == []
    assert not outbox.busy(Class.PEOPLE)
