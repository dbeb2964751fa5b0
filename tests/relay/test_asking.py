"""Fields of requests: what is taken, and that an error names the field and the value."""

import pytest

from holub_relay.asking import id_digits, int_field, list_field, only_id, text_field
from holub_relay.errors import OperatorError

IDS = [bytes.fromhex(digits) for digits in ("00ff" * 16, "00fe" * 16)]


def test_fields_that_are_right_come_back() -> None:
    """Texts, numbers at both ends and lists are taken; what may be left out has its default."""
    assert text_field({"name": "x"}, "name") == "x"
    assert [int_field({"n": n}, "n", 1, 3) for n in (1, 3)] == [1, 3]
    assert int_field({}, "n", 1, 3) is None
    assert list_field({"ids": [1]}, "ids") == [1]
    assert list_field({}, "ids") == []


@pytest.mark.parametrize("value", [None, "", 5, b"x", ["x"]])
def test_what_is_no_text_is_named(value: object) -> None:
    """The error says which field it was and what stood there."""
    with pytest.raises(OperatorError, match="name is missing or no text: ") as caught:
        text_field({"name": value}, "name")
    assert repr(value) in str(caught.value)


@pytest.mark.parametrize("value", [0, 4, True, 1.0, "1"])
def test_what_is_no_number_in_its_range_is_named(value: object) -> None:
    """Numbers outside of the range, and what only looks like one, are errors with the range."""
    with pytest.raises(OperatorError, match="is no number from 1 to 3") as caught:
        int_field({"n": value}, "n", 1, 3)
    assert repr(value) in str(caught.value)


@pytest.mark.parametrize("value", ["x", {"a": 1}, 7])
def test_what_is_no_list_is_named(value: object) -> None:
    """A text is no list of its letters."""
    with pytest.raises(OperatorError, match="ids is no list: "):
        list_field({"ids": value}, "ids")


def test_digits_of_an_id_are_read_in_small_letters() -> None:
    """Capitals are the same digits, and of many the first are enough."""
    assert id_digits("00FF", "id", 4, "`holub list`") == "00ff"
    assert id_digits("00FF00FF", "id", 4, "`holub list`", cut=6) == "00ff00"


@pytest.mark.parametrize("typed", ["", "00f", "00fg", "0x00", "00 ff"])
def test_what_is_no_id_tells_where_ids_stand(typed: str) -> None:
    """Too few digits and foreign ones are errors that name the value and where to look."""
    with pytest.raises(OperatorError, match="at least 4 hexadecimal digits, as `holub list`"):
        id_digits(typed, "id", 4, "`holub list`")


def test_one_found_id_comes_back() -> None:
    """None is the caller's error; two are listed by their first digits, so that one can choose."""
    assert only_id(IDS[:1], "00", "nothing") == IDS[0]
    with pytest.raises(OperatorError, match="nothing here"):
        only_id([], "00", "nothing here")
    with pytest.raises(OperatorError, match=r"may be any of 2: 00ff00ff00ff00ff, 00fe00fe") as two:
        only_id(IDS, "00", "nothing")
    assert "give more digits" in str(two.value)
