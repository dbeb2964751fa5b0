"""How long a peer's RANGE frames are answered: what is said and searched, class by class."""

from holub_protocol.kinds import Class
from holub_protocol.limits import (
    RECONCILE_BUDGET_US,
    RECONCILE_BYTES_FREE,
    RECONCILE_BYTES_PER_ID,
    RECONCILE_TELLINGS,
    SEND_ITEMS,
)
from holub_protocol.message import Now
from holub_protocol.patience import Patience

HELD = 40


def at(mono_us: int) -> Now:
    """Return a moment."""
    return Now(mono_us, 1_700_000_000, True)


def test_bytes_said_end_it_past_their_bound() -> None:
    """12 bytes an id and 64 KiB may be said, and not a byte more."""
    patience, bound = Patience(at(0)), RECONCILE_BYTES_FREE + RECONCILE_BYTES_PER_ID * HELD
    patience.said(Class.PEOPLE, bound)
    assert not patience.is_over(Class.PEOPLE, HELD, at(1))
    patience.said(Class.PEOPLE, 1)
    assert patience.is_over(Class.PEOPLE, HELD, at(1))
    assert not patience.is_over(Class.PEOPLE, HELD + 1, at(1))


def test_a_search_ends_with_three_times_what_is_held() -> None:
    """Three times the ids held, and three times what one list may bring, are found or skipped."""
    patience, bound = Patience(at(0)), RECONCILE_TELLINGS * (HELD + SEND_ITEMS)
    patience.searched(Class.PEOPLE, bound - 1)
    assert not patience.is_over(Class.PEOPLE, HELD, at(1))
    patience.searched(Class.PEOPLE, 1)
    assert patience.is_over(Class.PEOPLE, HELD, at(1))


def test_one_class_worn_out_leaves_the_others() -> None:
    """Who wears out patience with people's messages is still answered about alerts."""
    patience = Patience(at(0))
    patience.said(Class.PEOPLE, 1 << 30)
    patience.searched(Class.BULK, 1 << 30)
    over = [cls for cls in Class if patience.is_over(cls, HELD, at(1))]
    assert over == [Class.PEOPLE, Class.BULK]


def test_it_begins_anew_after_ten_minutes() -> None:
    """Not a microsecond before, and then for all classes."""
    patience = Patience(at(5))
    for cls in Class:
        patience.said(cls, 1 << 30)
        patience.searched(cls, 1 << 30)
    assert patience.is_over(Class.ALERT, HELD, at(RECONCILE_BUDGET_US + 4))
    assert not any(patience.is_over(cls, HELD, at(RECONCILE_BUDGET_US + 5)) for cls in Class)
