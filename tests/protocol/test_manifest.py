"""The body that announces a payload."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holub_crypto import cbor
from holub_protocol.codec import decode
from holub_protocol.kinds import kind_named
from holub_protocol.kinds.manifest import ManifestBody
from holub_protocol.limits import PAYLOAD_BYTES
from holub_protocol.message import BodyError, Message
from holub_protocol.payloads.layout import Layout
from support_payload import content, manifest
from support_realm import Realm, key

GOOD = manifest(content(70_000)).to_wire()


@given(
    st.integers(1, PAYLOAD_BYTES),
    st.text(st.characters(codec="utf-8", min_codepoint=160), max_size=16),
)
def test_what_is_written_is_read_again(size: int, name: str) -> None:
    """A body comes back from its fields, whatever its size."""
    lists = bytes(16 * Layout(size).lists)
    body = ManifestBody(f"мапа {name}", "application/pdf", size, lists)
    assert ManifestBody.from_wire(body.to_wire()) == body


@pytest.mark.parametrize(
    ("place", "value", "text"),
    [
        (0, "", "no name"),
        (0, "x" * 129, "at most 128"),
        (0, "a\nb", "controls"),
        (1, "text", "no media type"),
        (1, "Text/html", "no media type"),
        (0, "\x7f", "controls"),
        (2, 0, "not an integer"),
        (2, PAYLOAD_BYTES + 1, "not an integer"),
        (2, 64 * 1024, "32 bytes of hashes instead of 16"),
        (3, bytes(16), "instead of 32"),
        (3, bytes(33), "instead of 32"),
    ],
)
def test_other_shapes_are_refused(place: int, value: cbor.Value, text: str) -> None:
    """Each field has its bounds, and the hashes are as many as the size asks for."""
    fields = (*GOOD[:place], value, *GOOD[place + 1 :])
    with pytest.raises(BodyError, match=text):
        ManifestBody.from_wire(fields)


def test_a_name_that_is_no_text_is_named() -> None:
    """A file's name in another encoding reaches here with half characters: an error that says
    so, not one of the encoder's."""
    with pytest.raises(BodyError, match="half a character"):
        ManifestBody("map \udcff", "image/png", 1, bytes(16))


def test_number_of_fields_is_fixed() -> None:
    """A field more or less is another kind's."""
    for fields in (GOOD[:-1], (*GOOD, 0)):
        with pytest.raises(BodyError, match="4 fields"):
            ManifestBody.from_wire(fields)


def test_largest_manifest_fits_its_kind() -> None:
    """Longest texts and the largest payload: under the kind's 1 KiB, so that it is pushed."""
    lists = bytes(16 * Layout(PAYLOAD_BYTES).lists)
    body = ManifestBody("n" * 128, "a/" + "b" * 62, PAYLOAD_BYTES, lists)
    realm = Realm()
    raw = realm.message(key("desk"), "manifest", body)
    assert isinstance(decode(raw, realm.id), Message)
    assert len(raw) < 800 < kind_named("manifest").size_max_bytes
