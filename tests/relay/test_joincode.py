"""Join codes: what was encoded is read back however it is typed, and a slip is noticed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holub_relay.discovery.joincode import (
    GATE_BYTES,
    HOSTS_MAX,
    REALM_BYTES,
    JoinCode,
    decode,
    encode,
    is_code,
)

CODE = JoinCode(b"r" * REALM_BYTES, b"k" * 32, 7447, ("192.168.1.10", "2001:db8::1"))
ALPHANUMERIC = set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")  # ISO/IEC 18004, 7.3.4


@given(
    st.binary(min_size=REALM_BYTES, max_size=REALM_BYTES),
    st.binary(min_size=32, max_size=32),
    st.integers(1, 65_535),
    st.lists(st.ip_addresses().map(str), min_size=1, max_size=HOSTS_MAX),
    st.none() | st.binary(min_size=GATE_BYTES, max_size=GATE_BYTES),
)
def test_a_code_survives_text(
    realm: bytes, key: bytes, port: int, hosts: list[str], gate: bytes | None
) -> None:
    """Whatever a code holds is read back, from small letters and in groups too."""
    code = JoinCode(realm, key, port, tuple(hosts), gate)
    text = encode(code)
    assert decode(text) == code
    typed = " ".join(text[at : at + 8].lower() for at in range(0, len(text), 8))
    assert decode(f" {typed}\n") == code


def test_a_code_suits_a_qr_code() -> None:
    """All its letters are of the QR code's dense set, and two addresses stay under 200."""
    text = encode(CODE)
    assert set(text) <= ALPHANUMERIC
    assert len(text) < 200


def test_a_slip_is_noticed() -> None:
    """A letter that is wrong, missing or too many is an error and never another address."""
    text = encode(CODE)
    for at in range(len("HOLUB1-"), len(text) - 1):
        other = "A" if text[at] != "A" else "B"
        for wrong in (text[:at] + other + text[at + 1 :], text[:at] + text[at + 1 :]):
            with pytest.raises(ValueError, match=r"letter|bytes|array"):
                decode(wrong)


@pytest.mark.parametrize("text", ["", "HOLUB1-", "HOLUB1-!", "HOLUB2-AAAA", "HOLUB1-" + "A" * 9999])
def test_junk_is_no_code(text: str) -> None:
    """Whatever is typed, the answer is a ValueError."""
    with pytest.raises(ValueError, match=r"."):
        decode(text)


def test_addresses_are_not_taken_for_codes() -> None:
    """HOST:PORT stays what it is, also a host that begins like us."""
    assert is_code(encode(CODE))
    assert is_code(" holub1-abc")
    assert not is_code("10.0.0.1:7447")
    assert not is_code("holub.example:7447")
