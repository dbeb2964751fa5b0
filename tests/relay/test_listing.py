"""The list of what is held: one order, in pages, while messages come and go."""

from hashlib import blake2b

from hypothesis import given
from hypothesis import strategies as st

from holub_protocol.holdings import Holdings
from holub_protocol.kinds import KINDS, Class, Kind, kind_named
from holub_protocol.storage import Row, State
from holub_relay.listing import KEY_BYTES, Listing
from support_realm import START_S, now_at

CHECKIN, NEED = kind_named("checkin"), kind_named("need")
DRAWN = st.lists(
    st.tuples(st.sampled_from(sorted(KINDS)), st.integers(0, 3)), max_size=30
)  # kind, seconds


def row(number: int, kind: Kind, after_s: int = 0, state: State = State.HELD) -> Row:
    """Return a row; equal numbers share an id."""
    return Row(
        id=blake2b(number.to_bytes(4, "big"), digest_size=32).digest(), kind=kind.number,
        cls=kind.cls, signer=bytes(32), authority=1, created_s=START_S + after_s, k=number,
        expires_s=START_S + 86_400, area=0, size_bytes=200, state=state, age_s=0,
        received_s=START_S,
        steady_s=0,
    )  # fmt: skip


def held(*rows: Row) -> Holdings:
    """Return an index of these."""
    holdings = Holdings(1 << 30)
    for each in rows:
        holdings.add(each, now_at(0))
    return holdings


def read(holdings: Holdings, kind: Kind | None, rows_max: int) -> list[Row]:
    """Read a whole list, page by page."""
    listing, after, rows = Listing(), b"", list[Row]()
    while True:
        page, following = listing.page(holdings, kind, after, rows_max)
        rows += page
        if following is None:
            return rows
        assert (len(page), len(following)) == (rows_max, KEY_BYTES)
        after = following


@given(DRAWN, st.integers(1, 9))
def test_pages_join_to_the_order(drawn: list[tuple[int, int]], rows_max: int) -> None:
    """By class, then created, then id, whatever the size of a page; one kind is its part."""
    rows = [row(n, KINDS[kind], after_s) for n, (kind, after_s) in enumerate(drawn)]
    holdings = held(*rows)
    wanted = sorted(rows, key=lambda r: (r.cls, r.created_s, r.id))
    assert read(holdings, None, rows_max) == wanted
    for number in KINDS:
        assert read(holdings, KINDS[number], rows_max) == [r for r in wanted if r.kind == number]


def test_what_comes_and_goes_meanwhile_disturbs_nothing() -> None:
    """A message that was removed is left out, one that came waits for the next listing, and
    another reader who begins in between takes nothing away."""
    first, second, third = (row(n, CHECKIN, n) for n in range(3))
    holdings, listing = held(first, second, third), Listing()
    page, after = listing.page(holdings, None, b"", 1)
    assert page == [first]
    assert after is not None
    holdings.remove(second.id)
    late = row(9, CHECKIN)
    holdings.add(late, now_at(0))
    assert listing.page(holdings, NEED, b"", 1) == ([], None)
    assert listing.page(holdings, None, after, 5)[0][-1] == third
    assert listing.page(holdings, None, b"", 5)[0] == sorted(
        (first, third, late), key=lambda r: (r.created_s, r.id)
    )


def test_what_was_put_aside_is_not_listed() -> None:
    """Only what is held, not what was evicted."""
    here, gone = row(1, CHECKIN), row(2, CHECKIN, state=State.EVICTED)
    assert read(held(here, gone), None, 5) == [here]
    assert here.cls is Class.PEOPLE
