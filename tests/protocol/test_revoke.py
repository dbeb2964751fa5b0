"""The revocation's body: one accepted form, and as many kept as it promises."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holub_crypto.cbor import Value
from holub_crypto.chains import Revocation
from holub_protocol.codec import decode, encode
from holub_protocol.kinds import kind_named
from holub_protocol.kinds.revoke import KEEP_MAX, RevokeBody
from holub_protocol.limits import LIFETIME_STEPS_S
from holub_protocol.message import BodyError, Message
from support_realm import START_S, key

KEY = key("lost").public
IDS = st.lists(st.binary(min_size=16, max_size=16), unique=True, max_size=5).map(sorted)


@given(st.integers(0, 2**32 - 1), st.integers(0, 4095), IDS)
def test_what_is_written_is_read(created_s: int, k: int, keep: list[bytes]) -> None:
    """Every body comes back as it was."""
    body = RevokeBody(Revocation(KEY, created_s, k, tuple(keep)))
    assert RevokeBody.from_wire(body.to_wire()) == body


@pytest.mark.parametrize(
    "fields",
    [
        (KEY, 0, 0),
        (KEY, 0, 0, (), 0),
        (KEY[:-1], 0, 0, ()),
        (KEY, -1, 0, ()),
        (KEY, 2**32, 0, ()),
        (KEY, 0, 4096, ()),
        (KEY, 0, 0, (bytes(15),)),
        (KEY, 0, 0, (bytes(16), bytes(16))),
        (KEY, 0, 0, b""),
    ],
)
def test_any_other_form_is_refused(fields: tuple[Value, ...]) -> None:
    """Wrong number, size, range or order."""
    with pytest.raises(BodyError):
        RevokeBody.from_wire(fields)


def test_a_full_one_fits() -> None:
    """KEEP_MAX ids go into one message of the kind's size, and one more does not even begin."""
    ids = [number.to_bytes(16) for number in range(KEEP_MAX + 1)]
    raw = encode(
        key("registrar"), bytes(32), kind_named("revoke"), created_s=START_S, k=199,
        lifetime_s=LIFETIME_STEPS_S[-1], area=0,
        body=RevokeBody(Revocation(KEY, START_S, 4095, tuple(ids[:-1]))),
    )  # fmt: skip
    assert isinstance(decode(raw, bytes(32)), Message)
    with pytest.raises(BodyError, match="at most 108"):
        RevokeBody(Revocation(KEY, START_S, 0, tuple(ids)))
