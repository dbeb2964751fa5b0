"""Base45 against the examples of RFC 9285, and both ways for any bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holub_relay import base45

EXAMPLES = [
    ("AB", "BB8"),
    ("Hello!!", "%69 VD92EX0"),
    ("base-45", "UJCLQE7W581"),
    ("ietf!", "QED8WEX0"),
]


@pytest.mark.parametrize(("plain", "text"), EXAMPLES)
def test_examples_of_the_rfc(plain: str, text: str) -> None:
    """Sections 4.3 and 4.4 give these."""
    assert base45.encode(plain.encode()) == text
    assert base45.decode(text) == plain.encode()


@given(st.binary(max_size=300))
def test_bytes_come_back(data: bytes) -> None:
    """Any bytes survive, in three characters for two bytes."""
    text = base45.encode(data)
    assert base45.decode(text) == data
    assert len(text) == len(data) // 2 * 3 + len(data) % 2 * 2


@given(st.text(alphabet="0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:", max_size=30))
def test_a_text_has_one_reading(text: str) -> None:
    """What is accepted is exactly what would be written; all else is a ValueError."""
    try:
        data = base45.decode(text)
    except ValueError:
        return
    assert base45.encode(data) == text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("GGW1", "4 characters"),
        (":::", "':::' at character 1"),  # 91124, above two bytes
        ("GGW", "'GGW' at character 1"),  # 65536, the RFC's own example
        ("BB8:6", "':6' at character 4"),  # 314, above one byte
        ("bb8", "'b' after character 0"),
        ("BB8Ї0", "'Ї'"),
    ],
)
def test_mistakes_are_named(text: str, told: str) -> None:
    """Length, value and alphabet are checked, and the error says where."""
    with pytest.raises(ValueError, match=told):
        base45.decode(text)
