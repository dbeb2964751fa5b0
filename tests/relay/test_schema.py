"""Rows to columns and back."""

import pytest

from holub_relay.schema import row_from, row_values
from support_store import row_of


def test_a_row_survives_the_columns() -> None:
    """A row comes back from its columns with the number that it was given."""
    row = row_from(row_values(9, row_of(5)))
    assert row is not None
    assert (row.seq, row.id, row.received_s) == (9, row_of(5).id, row_of(5).received_s)


@pytest.mark.parametrize(
    ("column", "value"),
    [(0, None), (1, b"short"), (1, "text"), (4, bytes(31)), (11, 4), (11, -1), (7, None), (9, 0.5)],
)
def test_what_is_no_row_is_none(column: int, value: object) -> None:
    """A column that damage has made another type, length or state gives no row, and no error."""
    values = list[object](row_values(9, row_of(5)))
    values[column] = value
    assert row_from(tuple(values)) is None
