"""The codec: what is written is read back, and nothing else is read."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from holub_crypto import cbor, cose
from holub_crypto.digest import content_id
from holub_crypto.identity import key_hint, verify
from holub_protocol import codec
from holub_protocol.kinds import KINDS, Kind, kind_named
from holub_protocol.kinds.alert import AlertBody, Verb
from holub_protocol.limits import LIFETIME_STEPS_S, MESSAGE_BYTES
from holub_protocol.message import Message, Opaque
from holub_protocol.refusal import Refusal
from support_realm import KYIV, START_S, key

REALM, ELSEWHERE = bytes(range(32)), bytes(32)
DESK = key("desk")
OPAQUE = [kind for kind in KINDS.values() if kind.parse == Opaque.from_wire]
START: cbor.Value = (0, (), 200)
STEP = 4
FIELDS: tuple[cbor.Value, ...] = (5, START_S, 0, STEP, KYIV, START)
FIELD = st.one_of(st.none(), st.integers(0, 2**64 - 1), st.binary(max_size=20), st.text(max_size=9))


def signed(*payload: cbor.Value) -> bytes:
    """Sign any payload."""
    return cose.sign1(DESK, codec.external(REALM), cbor.encode(payload))


def alert(k: int = 0) -> bytes:
    """Return a good alert."""
    return codec.encode(
        DESK, REALM, kind_named("alert"), created_s=START_S, k=k, lifetime_s=3600, area=KYIV,
        body=AlertBody(Verb.START, (), 200, texts=(("uk", "Тривога"),)),
    )  # fmt: skip


@given(
    st.sampled_from(OPAQUE),
    st.integers(1_577_836_800, 2**32 - 1),
    st.integers(0, 4095),
    st.integers(0, 2**32 - 1),
    st.lists(FIELD, max_size=5).map(tuple),
    st.data(),
)
def test_what_is_written_is_read_back(
    kind: Kind,
    created_s: int,
    k: int,
    area: int,
    fields: tuple[cbor.Value, ...],
    data: st.DataObject,
) -> None:
    """Every field survives, the id is that of the signed content, and the signature verifies."""
    lifetime_s = data.draw(st.integers(1, kind.lifetime_max_s))
    raw = codec.encode(
        DESK, REALM, kind,
        created_s=created_s, k=k, lifetime_s=lifetime_s, area=area, body=Opaque(fields),
    )  # fmt: skip
    message = codec.decode(raw, REALM)
    assert isinstance(message, Message)
    assert (message.raw, message.kid) == (raw, key_hint(DESK.public))
    assert (message.kind, message.created_s, message.k) == (kind.number, created_s, k)
    assert (message.area, message.body) == (area, Opaque(fields))
    assert message.lifetime_s == min(s for s in LIFETIME_STEPS_S if s >= lifetime_s)
    assert message.id == content_id(message.content)
    assert verify(DESK.public, message.content, raw[-64:])


@given(st.integers(0, len(alert()) - 1), st.integers(1, 255))
@example(15, 1)
def test_one_byte_string_a_message(at: int, flip: int) -> None:
    """A changed byte is refused, or is another message, or breaks the signature: a message that
    verifies has one byte string."""
    good = alert()
    bad = good[:at] + bytes([good[at] ^ flip]) + good[at + 1 :]
    message = codec.decode(bad, REALM)
    if isinstance(message, Message):
        assert message.raw == bad
        assert not verify(DESK.public, message.content, message.raw[-64:])


@given(st.lists(FIELD, max_size=4).map(tuple), st.data())
def test_only_one_form_of_a_payload(fields: tuple[cbor.Value, ...], data: st.DataObject) -> None:
    """A signer who changes a byte of the payload and signs it again has made another message
    or none: no two accepted byte strings say the same."""
    plain = (24, START_S, 3, 2, KYIV, fields)
    payload = cbor.encode(plain)
    at = data.draw(st.integers(0, len(payload) - 1))
    changed = payload[:at] + bytes([data.draw(st.integers(0, 255))]) + payload[at + 1 :]
    first = codec.decode(cose.sign1(DESK, codec.external(REALM), payload), REALM)
    second = codec.decode(cose.sign1(DESK, codec.external(REALM), changed), REALM)
    assert isinstance(first, Message)
    if isinstance(second, Message) and second.raw != first.raw:
        assert _said(second) != _said(first)
        assert second.id != first.id


def _said(message: Message) -> tuple[object, ...]:
    return (message.kind, message.created_s, message.k, message.lifetime_s, message.area,
            message.body)  # fmt: skip


@given(st.binary(max_size=200))
def test_junk_never_raises(data: bytes) -> None:
    """Any bytes are refused as malformed."""
    assert codec.decode(data, REALM) is Refusal.MALFORMED


@given(st.binary(max_size=60))
def test_junk_that_is_signed_never_raises(payload: bytes) -> None:
    """A rightly signed payload of any bytes is a value, whatever it is."""
    outcome = codec.decode(cose.sign1(DESK, codec.external(REALM), payload), REALM)
    assert isinstance(outcome, Message | Refusal)


@pytest.mark.parametrize(
    ("raw", "refusal"),
    [
        (signed(*FIELDS[:5]), Refusal.MALFORMED),
        (signed(*FIELDS, 0), Refusal.MALFORMED),
        (cose.sign1(DESK, codec.external(REALM), b"\x05"), Refusal.MALFORMED),
        (signed(None, *FIELDS[1:]), Refusal.MALFORMED),
        (signed(99, *FIELDS[1:]), Refusal.UNKNOWN_KIND),
        (signed(0, *FIELDS[1:]), Refusal.UNKNOWN_KIND),
        (signed(5, 1_577_836_799, *FIELDS[2:]), Refusal.MALFORMED),
        (signed(5, 2**32, *FIELDS[2:]), Refusal.MALFORMED),
        (signed(5, START_S, 4096, *FIELDS[3:]), Refusal.MALFORMED),
        (signed(5, START_S, -1, *FIELDS[3:]), Refusal.MALFORMED),
        (signed(*FIELDS[:3], len(LIFETIME_STEPS_S), *FIELDS[4:]), Refusal.MALFORMED),
        (signed(*FIELDS[:3], 9, *FIELDS[4:]), Refusal.LIFETIME),
        (signed(*FIELDS[:4], 2**32, START), Refusal.MALFORMED),
        (signed(*FIELDS[:4], b"", START), Refusal.MALFORMED),
        (signed(*FIELDS[:5], 0), Refusal.MALFORMED),
        (signed(*FIELDS[:5], (0, (), 0)), Refusal.MALFORMED),
        (signed(12, *FIELDS[1:5], (bytes(1000),)), Refusal.OVERSIZE),
        (bytes(MESSAGE_BYTES + 1), Refusal.OVERSIZE),
        (b"\x84" * (MESSAGE_BYTES + 1), Refusal.OVERSIZE),
    ],
)
def test_refusals(raw: bytes, refusal: Refusal) -> None:
    """Each way to break the frame of a message has its reason; size is looked at first."""
    assert codec.decode(raw, REALM) is refusal


def test_the_realm_is_part_of_the_signature() -> None:
    """In another realm the same bytes are another message, which the signer did not sign."""
    raw = alert()
    here, there = codec.decode(raw, REALM), codec.decode(raw, ELSEWHERE)
    assert isinstance(here, Message)
    assert isinstance(there, Message)
    assert here.id != there.id
    assert not verify(DESK.public, there.content, there.raw[-64:])


@pytest.mark.parametrize(
    ("other", "what"),
    [
        ({"lifetime_s": 86_401}, "alert of .* living 172800 s .*86400.*: lifetime"),
        ({"body": AlertBody(Verb.START, (), 200, texts=(("uk", "x" * 1000),))}, "oversize"),
        ({"created_s": 0}, "malformed"),
        ({"k": 4096}, "malformed"),
        ({"lifetime_s": 11 * 365 * 86_400}, "no message lives 346896000 s; the longest is"),
    ],
)
def test_own_mistakes_are_errors(other: dict[str, object], what: str) -> None:
    """What a kind's row forbids can't be signed; the error names the value and the bound."""
    plain: dict[str, object] = {
        "created_s": START_S, "k": 0, "lifetime_s": 3600, "area": KYIV,
        "body": AlertBody(Verb.START, (), 200),
    }  # fmt: skip
    with pytest.raises(ValueError, match=what):
        codec.encode(DESK, REALM, kind_named("alert"), **(plain | other))  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_realm_id_has_32_bytes(size: int) -> None:
    """Anything else could make two labels meet."""
    with pytest.raises(ValueError, match=f"32 bytes, not {size}"):
        codec.external(bytes(size))


@pytest.mark.parametrize(
    ("lifetime_s", "step"), [(1, 0), (60, 0), (61, 1), (86_400, 8), (10 * 365 * 86_400, 17)]
)
def test_lifetimes_are_rounded_up(lifetime_s: int, step: int) -> None:
    """A message lives at least as long as was asked."""
    assert codec.lifetime_step(lifetime_s) == step
