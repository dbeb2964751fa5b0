"""Fields that several kinds share: defaults at the end, lists that ascend."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holub_crypto.cbor import Value
from holub_protocol.kinds.fields import check_ascending, filled, trimmed
from holub_protocol.message import BodyError

DEFAULTS: tuple[Value, ...] = (0, (), 0, b"")
FULL = st.tuples(st.integers(0, 1), st.just(()), st.integers(0, 1), st.sampled_from([b"", b"x"]))


@given(FULL, st.integers(0, 4))
def test_what_is_left_out_comes_back(fields: tuple[Value, ...], fewest: int) -> None:
    """Trimming loses nothing, and leaves no default at the end that it could have left out."""
    short = trimmed(fields, fewest, DEFAULTS)
    assert len(short) >= fewest
    assert filled("a kind", short, fewest, DEFAULTS) == fields
    if len(short) > fewest:
        assert short[-1] != DEFAULTS[len(short) - 1]


@pytest.mark.parametrize("count", [0, 5])
def test_a_wrong_number_of_fields_is_named(count: int) -> None:
    """Fewer than must be, or more than there are."""
    with pytest.raises(BodyError, match=f"a kind: 1 to 4 fields, not {count}"):
        filled("a kind", (0,) * count, 1, DEFAULTS)


def test_lists_ascend_and_end() -> None:
    """Strictly ascending, and no more than allowed."""
    check_ascending("areas", (1, 2, 5), 3)
    check_ascending("areas", (), 0)
    for wrong in ((1, 1), (2, 1)):
        with pytest.raises(BodyError, match="areas: not strictly ascending"):
            check_ascending("areas", wrong, 3)
    with pytest.raises(BodyError, match="areas: 3 of them, at most 2"):
        check_ascending("areas", (1, 2, 3), 2)
