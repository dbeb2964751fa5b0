"""The order in which frames leave, and how many bytes at once."""

from itertools import pairwise

from holub_protocol.frames import Frame, IdList, IHave, Put, Range, Root, decode
from holub_protocol.kinds import Class
from holub_protocol.limits import (
    OUTBOX_BYTES,
    RESENDS,
    URGENT_BURST_BYTES,
    URGENT_BYTES_PER_S,
)
from holub_protocol.outbox import Outbox
from holub_protocol.ranges import NEVER_US
from holub_protocol.reconcile import short_id
from support_realm import START_S, now_at
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
    outbox.answer((Range(Class.ALERT, b"", (IdList(b"", b""),)),))
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
    assert outbox.waiting(Class.PEOPLE) == 1


def test_a_peer_that_reads_nothing_makes_nothing_due() -> None:
    """With a full window the wait for an answer ends once: a time that has passed would wake the
    node without end, a core for each such peer."""
    outbox, shelf = Outbox(), Shelf()
    outbox.frame_bytes = outbox.window_bytes = 256
    listing = Range(Class.PEOPLE, b"", (IdList(b"", bytes(200)),))
    outbox.answer((listing, listing))
    assert [type(frame) for frame, _ in ready(outbox, shelf)] == [Range]
    due_us = outbox.ranges.next_due_us(outbox.pace)
    assert ready(outbox, shelf, due_us / 1e6) == []
    assert outbox.ranges.waits(Class.PEOPLE)
    assert outbox.ranges.next_due_us(outbox.pace) == NEVER_US
    outbox.credit(outbox.pace.sent_bytes, now_at(due_us / 1e6))
    assert [type(frame) for frame, _ in ready(outbox, shelf, due_us / 1e6)] == [Range]


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
    sent = [(frame, urgent) for frame, urgent in ready(outbox, shelf) if isinstance(frame, Put)]
    shorts = {short_id(SALT, theirs): True}
    assert len(sent) == 3
    assert all(urgent is shorts.get(frame.short_id, False) for frame, urgent in sent)


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
    frame = IHave(Class.PEOPLE, (bytes(5),) * 800)
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
    assert outbox.waiting(Class.PEOPLE) == 1
    assert outbox.busy(Class.PEOPLE)
    outbox.drop(id_, Class.PEOPLE)
    assert ready(outbox, shelf) == []
    assert not outbox.busy(Class.PEOPLE)


def test_a_grant_that_waits_in_two_lanes_is_sent_no_oftener() -> None:
    """Asked for by a NEED and by a WANT, it leaves as often as a message may, in all."""
    outbox, shelf = opened(), Shelf()
    grant = shelf.hold("grant", Class.GRANT, 100)
    for _ in range(RESENDS - 1):
        outbox.put(grant, Class.GRANT)
        ready(outbox, shelf)
    outbox.put(grant, Class.TRUST)
    outbox.put(grant, Class.GRANT)
    assert len(totals(ready(outbox, shelf))) == 1
    assert outbox.waiting(Class.TRUST) == 0


def test_an_ingress_relay_that_floods_has_one_share() -> None:
    """One relay's thousand messages hold another's five up by five, not by a thousand."""
    outbox, shelf = opened(), Shelf()
    for number in range(1000):
        id_ = shelf.hold(f"flood {number}", Class.PEOPLE, 300, signer=b"f" * 32)
        outbox.put(id_, Class.PEOPLE)
    for number in range(5):
        outbox.put(shelf.hold(f"few {number}", Class.PEOPLE, 301, signer=b"g" * 32), Class.PEOPLE)
    sizes = totals(ready(outbox, shelf))
    assert len(sizes) == 1005
    assert max(place for place, size in enumerate(sizes) if size == 301) <= 10


def test_signers_share_what_their_authority_has() -> None:
    """Twenty stolen keys of one authority have no more of a link than the one desk of another,
    and an honest desk among them its part of that."""
    outbox, shelf = opened(), Shelf()
    voices = [(1, bytes([number]) * 32, 300) for number in range(1, 21)]
    voices += [(1, b"h" * 32, 301), (2, b"o" * 32, 302)]
    for authority, signer, size in voices:
        for number in range(50):
            name = f"{signer.hex()} {number}"
            id_ = shelf.hold(name, Class.OFFICIAL, size, signer=signer, authority=authority)
            outbox.put(id_, Class.OFFICIAL)
    first = totals(ready(outbox, shelf))[:84]
    assert (first.count(302), first.count(301)) == (42, 2)


def test_notices_beyond_an_allowance_leave_people_their_share() -> None:
    """Twenty keys of one authority that flood with official notices get a burst, and then a
    quarter of what people who wait have."""
    outbox, shelf = opened(), Shelf()
    for number in range(400):
        id_ = shelf.hold(
            f"n{number}", Class.OFFICIAL, 999, signer=bytes([number % 20]) * 32, authority=1
        )
        outbox.put(id_, Class.OFFICIAL)
    for number in range(300):
        outbox.put(shelf.hold(f"p{number}", Class.PEOPLE, 1000), Class.PEOPLE)
    sizes = totals(ready(outbox, shelf))
    burst = URGENT_BURST_BYTES // 999
    assert sizes[: burst * 2].count(999) > burst * 0.9
    assert round(sizes[60:260].count(1000) / 50) == 3
    assert len(sizes) == 700


def test_the_newest_of_a_signer_leaves_first() -> None:
    """Who asks for help again is heard before what the same relay said an hour ago."""
    outbox, shelf = opened(), Shelf()
    for size, age_s in ((101, 50), (102, 10), (103, 90)):
        id_ = shelf.hold(f"{age_s}", Class.PEOPLE, size, created_s=START_S - age_s)
        outbox.put(id_, Class.PEOPLE)
    assert totals(ready(outbox, shelf)) == [102, 101, 103]


def test_grants_leave_in_the_order_in_which_they_were_asked_for() -> None:
    """A chain is of use only from its beginning, so nothing newer overtakes it."""
    outbox, shelf = opened(), Shelf()
    for size, age_s in ((101, 50), (102, 10), (103, 90)):
        id_ = shelf.hold(f"{age_s}", Class.GRANT, size, created_s=START_S - age_s)
        outbox.put(id_, Class.GRANT)
    assert totals(ready(outbox, shelf)) == [101, 102, 103]


def test_boards_and_starts_precede_other_alerts_of_their_authority() -> None:
    """What says most goes first: boards, starts, then what changes or ends them."""
    outbox, shelf = opened(), Shelf()
    for size, rank in ((102, 2), (101, 1), (100, 0)):
        id_ = shelf.hold(f"{rank}", Class.ALERT, size, authority=1, created_s=START_S + rank)
        shelf.ranks[id_] = rank
        outbox.put(id_, Class.ALERT)
    assert totals(ready(outbox, shelf)) == [100, 101, 102]


def test_alerts_beyond_an_authoritys_allowance_wait_with_the_classes_below() -> None:
    """A stolen desk key holds people up by its burst, and another authority's alert not at
    all; in time its allowance grows again."""
    outbox, shelf = opened(), Shelf()
    for number in range(100):
        id_ = shelf.hold(f"a{number}", Class.ALERT, 1000, authority=1, created_s=START_S + number)
        outbox.put(id_, Class.ALERT)
    outbox.put(shelf.hold("other", Class.ALERT, 200, signer=b"o" * 32, authority=2), Class.ALERT)
    for number in range(80):
        outbox.put(shelf.hold(f"n{number}", Class.PEOPLE, 999), Class.PEOPLE)
    sizes = totals(ready(outbox, shelf))
    assert sizes.index(200) <= 1
    assert sizes.index(999) == URGENT_BURST_BYTES // 1000 + 1
    after = sizes[sizes.index(999) :][:50]
    assert after.count(999) in (37, 38)
    later_s = 2000 / URGENT_BYTES_PER_S
    for number in range(5):
        outbox.put(shelf.hold(f"b{number}", Class.ALERT, 900, authority=1), Class.ALERT)
        outbox.put(shelf.hold(f"m{number}", Class.PEOPLE, 999), Class.PEOPLE)
    assert totals(ready(outbox, shelf, later_s))[:3] == [900, 900, 999]
    assert len(sizes) == 181


def test_one_message_of_a_class_is_under_way_at_a_time() -> None:
    """A peer puts together one message for each class, however many sources take turns."""
    outbox, shelf = opened(), Shelf()
    outbox.frame_bytes = 256
    for number in range(12):
        id_ = shelf.hold(f"{number}", Class.PEOPLE, 1000 + number, signer=bytes([number]) * 32)
        outbox.put(id_, Class.PEOPLE)
    sizes = totals(ready(outbox, shelf))
    changes = sum(a != b for a, b in pairwise(sizes))
    assert changes == 11
