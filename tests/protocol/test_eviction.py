"""What goes when the store is full: the order, the shares, and who can push out whom."""

from holub_protocol.eviction import Clearing, Eviction, Newcomer
from holub_protocol.holdings import Holdings
from holub_protocol.kinds import Class
from holub_protocol.storage import ROW_BYTES, Row, State
from support_realm import START_S, Entropy, now_at

EACH = 1000 + ROW_BYTES
A, B, C = (letter * 32 for letter in (b"a", b"b", b"c"))
HOUR_S = 3600


class Shelf:
    """A store that a test fills exactly."""

    def __init__(self) -> None:
        self.holdings = Holdings(1 << 30)
        self.names: dict[bytes, str] = {}

    def hold(self, name: str, cls: Class, signer: bytes = A, ends_s: int = HOUR_S) -> bytes:
        """Hold a message of 1,000 bytes."""
        id_ = Entropy(name)(32)
        self.names[id_] = name
        row = Row(id_, 12, cls, signer, 0, START_S, 0, START_S + ends_s, 0, 1000,
                  State.HELD, 0, START_S, 0)  # fmt: skip
        self.holdings.add(row, now_at(0))
        return id_

    def fill(self) -> None:
        """Let there be no byte more than is used."""
        self.holdings.quota_bytes = self.holdings.used_bytes

    def clear(
        self, cls: Class, signer: bytes = C, count: int = 1, ends_s: int = HOUR_S,
        delivered: tuple[bytes, ...] = (),
    ) -> Clearing:  # fmt: skip
        """Ask for room for that many messages more."""
        source = self.holdings.source_of(0, signer)
        newcomer = Newcomer(cls, source, ends_s, count * EACH)
        return Eviction(self.holdings).clear(newcomer, delivered, now_at(0))

    def evicted(self, clearing: Clearing) -> list[str]:
        """Return the names of what goes."""
        return [self.names[id_] for id_ in clearing.evict]


def test_where_there_is_room_nothing_goes() -> None:
    """A store that is not full asks nobody to leave."""
    shelf = Shelf()
    shelf.hold("a", Class.BULK)
    assert shelf.clear(Class.BULK) == Clearing(True)


def test_the_order_in_which_things_go() -> None:
    """Superseded rows, bodies that were delivered, bulk, people, notices, each soonest end
    first; alerts and grants never."""
    shelf = Shelf()
    for cls in (Class.ALERT, Class.GRANT, Class.OFFICIAL, Class.PEOPLE, Class.BULK):
        for ends_s in (2 * HOUR_S, HOUR_S):
            shelf.hold(f"{cls.name} {ends_s}", cls, ends_s=ends_s)
    old = shelf.hold("old", Class.PEOPLE)
    had = shelf.hold("had", Class.PEOPLE, ends_s=9 * HOUR_S)
    shelf.holdings.set_state(old, State.SUPERSEDED)
    shelf.fill()
    clearing = shelf.clear(Class.ALERT, count=9, delivered=(had,))
    assert clearing.forget == (old,)
    assert clearing.delivered == (had,)
    assert shelf.evicted(clearing) == [
        "BULK 3600", "BULK 7200", "PEOPLE 3600", "PEOPLE 7200", "OFFICIAL 3600", "OFFICIAL 7200",
    ]  # fmt: skip
    assert not clearing.enough


def test_delivered_bodies_are_enough_where_they_are() -> None:
    """No more of them go than are needed, and nothing else."""
    shelf = Shelf()
    had = tuple(shelf.hold(f"had {n}", Class.PEOPLE) for n in range(5))
    shelf.hold("other", Class.BULK)
    shelf.fill()
    clearing = shelf.clear(Class.PEOPLE, delivered=had)
    assert clearing == Clearing(True, delivered=had[:2])


def test_the_heaviest_source_gives_way() -> None:
    """A relay with 30 messages loses to one with 3, of whatever age, and never the other way."""
    shelf = Shelf()
    for number in range(30):
        shelf.hold(f"heavy {number:02}", Class.PEOPLE, signer=A, ends_s=HOUR_S + number)
    for number in range(3):
        shelf.hold(f"light {number}", Class.PEOPLE, signer=B, ends_s=60)
    shelf.fill()
    gone = shelf.evicted(shelf.clear(Class.PEOPLE, signer=C, ends_s=30))
    assert gone[:2] == ["heavy 00", "heavy 01"]
    assert not [name for name in gone if name.startswith("light")]
    own = shelf.clear(Class.PEOPLE, signer=A, ends_s=HOUR_S + 1)
    assert shelf.evicted(own) == ["heavy 00"]
    assert not own.enough


def test_a_class_below_its_share_loses_nothing_to_another() -> None:
    """Stolen keys of desks may fill what nobody uses, and give it back to people who come; people
    who hold their share keep it, however many notices arrive."""
    shelf = Shelf()
    for number in range(92):
        shelf.hold(f"notice {number}", Class.OFFICIAL, signer=A)
    for number in range(8):
        shelf.hold(f"person {number}", Class.PEOPLE, signer=B)
    shelf.fill()
    by_people = shelf.evicted(shelf.clear(Class.PEOPLE))
    assert by_people
    assert all(name.startswith("notice") for name in by_people)
    by_notices = shelf.clear(Class.OFFICIAL, ends_s=60, signer=A)
    assert by_notices == Clearing(False)
    more = shelf.clear(Class.PEOPLE, count=40)
    assert shelf.evicted(more) == []
    assert not more.enough


def test_an_alert_takes_what_it_needs_from_everybody() -> None:
    """No share holds against an alert; last go the rows of what was put aside."""
    shelf = Shelf()
    aside = [shelf.hold(f"gone {number}", Class.PEOPLE) for number in range(8)]
    shelf.holdings.set_state(aside[0], State.RECEIPTED)
    for id_ in aside[1:]:
        shelf.holdings.set_state(id_, State.EVICTED)
    shelf.hold("last", Class.OFFICIAL)
    shelf.fill()
    clearing = shelf.clear(Class.ALERT, count=2)
    assert shelf.evicted(clearing) == ["last"]
    assert clearing.forget == tuple(aside[:6])
    assert clearing.enough
    assert not shelf.clear(Class.PEOPLE, count=2).enough


def test_a_full_store_looks_once_a_second_for_what_is_not_there() -> None:
    """Where nothing may go, the same source asks in vain until the second is over."""
    shelf = Shelf()
    shelf.hold("a", Class.PEOPLE, signer=A, ends_s=600)
    shelf.fill()
    eviction = Eviction(shelf.holdings)
    early = Newcomer(Class.PEOPLE, shelf.holdings.source_of(0, A), 500, EACH)
    assert not eviction.clear(early, (), now_at(0)).enough
    late = replace_deadline(early, 700)
    assert len(eviction.clear(late, (), now_at(0)).evict) == 1
    assert eviction.clear(early, (), now_at(0)).evict == ()
    assert eviction.clear(early, (), now_at(2)).evict == ()


def replace_deadline(newcomer: Newcomer, deadline_s: int) -> Newcomer:
    """Return the same with another end."""
    return newcomer._replace(deadline_s=deadline_s)
