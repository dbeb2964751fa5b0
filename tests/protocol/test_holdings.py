"""The index: what is held, seen, listed and due, by the node's own steady seconds."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holub_protocol.holdings import Holdings
from holub_protocol.kinds import Class
from holub_protocol.storage import ROW_BYTES, Row, State
from support_realm import START_S, Entropy, now_at

SALT = b"s" * 32
NEED = 12


def row(name: str, lifetime_s: int = 3600, cls: Class = Class.PEOPLE, size: int = 100) -> Row:
    """Return a row of a message made at the start."""
    return Row(
        id=Entropy(name)(32),
        kind=NEED,
        cls=cls,
        signer=b"k" * 32,
        authority=0,
        created_s=START_S,
        k=0,
        expires_s=START_S + lifetime_s,
        area=0,
        size_bytes=size,
        state=State.HELD,
        age_s=5,
        received_s=START_S,
        steady_s=0,
    )


def test_a_row_comes_back_as_it_was_given() -> None:
    """The columns lose nothing of a row but the store's own arrival number."""
    holdings = Holdings(1 << 20)
    given_row = row("a")
    holdings.add(given_row, now_at(0))
    assert holdings.row(given_row.id) == given_row
    assert given_row.id in holdings
    assert holdings.size_bytes(given_row.id) == 100
    assert (holdings.kind(given_row.id), holdings.created_s(given_row.id)) == (NEED, START_S)
    assert holdings.signer(given_row.id) == b"k" * 32
    assert holdings.live(b"k" * 32, "need") == 1


def test_what_has_under_a_minute_to_live_leaves_the_set_before_it_expires() -> None:
    """Two clocks need not agree on a second: near its end an id is no longer compared."""
    holdings = Holdings(1 << 20)
    item = row("a", lifetime_s=300)
    holdings.add(item, now_at(0))
    assert holdings.root(Class.PEOPLE, SALT)[0] == 1
    assert holdings.next_due_us() == 240_000_000
    assert holdings.advance(now_at(241)) == ()
    assert holdings.root(Class.PEOPLE, SALT)[0] == 0
    assert holdings.advance(now_at(300)) == (item.id,)


def test_a_wall_clock_that_jumps_expires_nothing() -> None:
    """Deadlines were fixed in steady time: a clock set forward by 30 years deletes nothing."""
    holdings = Holdings(1 << 20)
    holdings.add(row("a"), now_at(0))
    jumped = replace(now_at(10), wall_s=START_S + 30 * 365 * 86400)
    assert holdings.advance(jumped) == ()


def test_an_unreliable_clock_counts_by_age() -> None:
    """Without a wall clock to rely on, the age that the bearer gave decides."""
    holdings = Holdings(1 << 20)
    item = row("a", lifetime_s=300)
    lost = replace(now_at(0, reliable=False), wall_s=0)
    holdings.add(item, lost)
    assert holdings.advance(replace(now_at(294, reliable=False), wall_s=0)) == ()
    assert holdings.advance(replace(now_at(295, reliable=False), wall_s=0)) == (item.id,)


def test_deadlines_are_reckoned_anew_when_the_clock_becomes_reliable() -> None:
    """A node that learns the time lets go of what is over by it, and of nothing else."""
    holdings = Holdings(1 << 20)
    old, young = row("old", lifetime_s=300), row("young", lifetime_s=3600)
    lost = replace(now_at(0, reliable=False), wall_s=0)
    for item in (old, young):
        holdings.add(item, lost)
    found = replace(now_at(1), wall_s=START_S + 600)
    holdings.rebase(found)
    assert holdings.advance(found) == (old.id,)


def test_the_lower_age_of_two_copies_counts() -> None:
    """A second copy can only make a message younger, never below what was seen here."""
    holdings = Holdings(1 << 20)
    item = replace(row("a"), age_s=500)
    holdings.add(item, now_at(0))
    holdings.lower_age(item.id, 200, now_at(100))
    assert holdings.age_s(item.id, now_at(100)) == 200
    holdings.lower_age(item.id, 10, now_at(100))
    assert holdings.age_s(item.id, now_at(100)) == 100


def test_superseded_leaves_the_set_but_stays_seen() -> None:
    """A board that was replaced is not compared any more, nor can it be replayed."""
    holdings = Holdings(1 << 20)
    item = row("a")
    holdings.add(item, now_at(0))
    holdings.set_state(item.id, State.SUPERSEDED)
    assert holdings.state(item.id) is State.SUPERSEDED
    assert holdings.root(Class.PEOPLE, SALT)[0] == 0
    assert holdings.used_bytes == ROW_BYTES
    assert list(holdings.aside(State.SUPERSEDED)) == [item.id]


def test_evicted_stays_in_the_set_until_there_is_room() -> None:
    """An evicted id is not asked for at once; when room comes it is forgotten and asked anew."""
    holdings = Holdings(1000)
    item = row("a")
    holdings.add(item, now_at(0))
    holdings.set_state(item.id, State.EVICTED)
    assert holdings.root(Class.PEOPLE, SALT)[0] == 1
    assert holdings.readmit(900) == ()
    assert holdings.readmit(0) == (item.id,)


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.booleans()), max_size=60))
def test_counts_agree_with_a_plain_model(steps: list[tuple[str, bool]]) -> None:
    """However ids come and go, bytes, live counts and roots are those of the set that is left."""
    holdings, model = Holdings(1 << 20), {}
    for name, arrives in steps:
        item = row(name)
        if arrives and name not in model:
            holdings.add(item, now_at(0))
            model[name] = item
        elif not arrives and name in model:
            holdings.remove(model.pop(name).id)
    fresh = Holdings(1 << 20)
    for item in model.values():
        fresh.add(item, now_at(0))
    assert holdings.used_bytes == len(model) * (100 + ROW_BYTES)
    assert holdings.live(b"k" * 32, "need") == len(model)
    assert holdings.root(Class.PEOPLE, SALT) == fresh.root(Class.PEOPLE, SALT)
    assert sorted(holdings.held_ids(Class.PEOPLE)) == sorted(i.id for i in model.values())
    assert len(holdings.snapshot(Class.PEOPLE, SALT)) == len(model)


def test_holding_an_id_twice_is_our_own_mistake() -> None:
    """The flow asks before it adds: a second add is an error of ours, and loud."""
    holdings = Holdings(1 << 20)
    holdings.add(row("a"), now_at(0))
    with pytest.raises(AssertionError, match="in already"):
        holdings.add(row("a"), now_at(0))


def test_times_at_the_end_of_the_century_fit() -> None:
    """A start from 2106, an age beyond all reason and a broken clock break no column."""
    holdings = Holdings(1 << 20)
    item = replace(
        row("2106"), created_s=2**32 - 1, expires_s=2**32 + 86399, age_s=2**33, received_s=2**33
    )
    holdings.add(item, replace(now_at(0), wall_s=-5))
    kept = holdings.row(item.id)
    assert (kept.expires_s, kept.age_s) == (2**32 + 86399, 2**32 - 1)
    assert holdings.advance(now_at(86_390)) == ()
    assert holdings.advance(now_at(86_400)) == (item.id,)


def test_an_age_goes_on_from_boot_to_boot() -> None:
    """Where the steady clock goes on over a restart, so does an age: a node that restarts every
    hour and never learns the time keeps nothing for ever."""
    holdings = Holdings(1 << 20)
    given_row = replace(row("a", lifetime_s=3600), steady_s=100)
    holdings.add(given_row, now_at(3000, reliable=False))
    assert holdings.age_s(given_row.id, now_at(3000)) == 5 + 2900
    due_us = holdings.next_due_us()
    assert due_us is not None
    assert holdings.advance(now_at(100 + 3594, reliable=False)) == ()
    assert holdings.advance(now_at(100 + 3595, reliable=False)) == (given_row.id,)


def test_a_steady_clock_that_began_anew() -> None:
    """Where the steady clock has not gone on, an age counts from the restart on: at least so."""
    holdings = Holdings(1 << 20)
    holdings.add(replace(row("a"), steady_s=9000), now_at(3, reliable=False))
    assert holdings.age_s(row("a").id, now_at(10)) == 5 + 7


def test_the_newest_of_a_topic_is_known_whatever_came_last() -> None:
    """A late copy of an older message does not take the newer one's place; when the newest is
    forgotten an older one may come again."""
    holdings = Holdings(1 << 20)
    new, old = replace(row("new"), topic=7, k=5), replace(row("old"), topic=7, k=4)
    assert holdings.newest(7) is None
    for item in (new, old):
        holdings.add(item, now_at(0))
    assert holdings.newest(7) == new.id
    assert holdings.successor(old.id) == new.id
    assert holdings.successor(new.id) is None
    assert holdings.current(old.id) == old.id
    holdings.set_state(old.id, State.SUPERSEDED)
    assert holdings.current(old.id) == new.id
    holdings.remove(new.id)
    assert (holdings.newest(7), holdings.newest(0)) == (None, None)
    assert holdings.current(old.id) == old.id


def test_what_a_source_takes_is_counted_below_alerts() -> None:
    """Two desks of one authority are one source, each with a count of its own; a body that goes
    leaves its row's bytes."""
    holdings = Holdings(1 << 20)
    first = replace(row("a"), signer=b"a" * 32, authority=3)
    second = replace(row("b"), signer=b"b" * 32, authority=3)
    alert = replace(row("c", cls=Class.ALERT), signer=b"a" * 32, authority=3)
    for item in (first, second, alert):
        holdings.add(item, now_at(0))
    each = 100 + ROW_BYTES
    assert holdings.voice(first.id)[0] == holdings.source_of(3, b"z" * 32) == 3
    assert holdings.source_bytes(3) == 2 * each
    assert holdings.signer_bytes(b"a" * 32) == each
    holdings.set_state(first.id, State.EVICTED)
    assert holdings.source_bytes(3) == each + ROW_BYTES
    holdings.remove(first.id)
    holdings.remove(second.id)
    assert (holdings.source_bytes(3), holdings.signer_bytes(b"b" * 32)) == (0, 0)
    assert holdings.source_of(0, b"a" * 32) != holdings.source_of(0, b"b" * 32)


def test_a_delivered_body_leaves_its_id_in_the_set() -> None:
    """What an addressee has is not offered again, and found by the start of its id."""
    holdings = Holdings(1 << 20)
    item = row("a")
    holdings.add(item, now_at(0))
    holdings.set_state(item.id, State.RECEIPTED)
    assert holdings.count(Class.PEOPLE) == 1
    assert holdings.readmit(0) == ()
    assert holdings.find(item.id[:16]) == item.id
    assert holdings.find(bytes(16)) is None
