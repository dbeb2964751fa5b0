"""How content is cut, and that each chunk has one hash in one list."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holub_protocol.limits import CHUNK_BYTES, PAYLOAD_BYTES
from holub_protocol.payloads.layout import HASHES_PER_LIST, Layout, chunk_hash, cut
from support_payload import content


@given(st.integers(1, 200_000))
def test_every_chunk_is_proved_by_the_manifest(size: int) -> None:
    """The chunks of content are the content again; each is as long as the layout says, and its
    hash stands where it says: in a list, whose own hash is among those of the manifest."""
    data = content(size)
    roots, chunks = cut(data)
    layout = Layout(size)
    assert len(chunks) == layout.count
    assert b"".join(chunks[layout.lists :]) == data
    assert sum(map(len, chunks)) == layout.bytes
    for place, chunk in enumerate(chunks):
        assert len(chunk) == layout.size_of(place) <= CHUNK_BYTES
        number, at = layout.proof(place) if place >= layout.lists else (0, 16 * place)
        known = chunks[number] if place >= layout.lists else roots
        assert known[at : at + 16] == chunk_hash(chunk)


def test_each_list_proves_its_own_content() -> None:
    """What the lists prove is all content, each chunk once; the last list is shorter."""
    layout = Layout((2 * HASHES_PER_LIST + 3) * CHUNK_BYTES - 5)
    proved = [layout.proved_by(place) for place in range(layout.lists)]
    assert [bits.bit_count() for bits in proved] == [64, 64, 3]
    assert sum(proved) | layout.listing == layout.whole
    assert layout.size_of(layout.count - 1) == CHUNK_BYTES - 5


def test_largest_payload() -> None:
    """1.5 MiB has 24 lists and 1,560 chunks in all, 1.6 % more bytes than its content."""
    layout = Layout(PAYLOAD_BYTES)
    assert (layout.lists, layout.count) == (24, 1560)
    assert layout.bytes - PAYLOAD_BYTES == 24 * 1024


@pytest.mark.parametrize("size", [0, PAYLOAD_BYTES + 1])
def test_sizes_without_a_layout(size: int) -> None:
    """Nothing, and more than the bound, is no payload."""
    with pytest.raises(ValueError, match="1 to 1572864"):
        Layout(size)
