"""A payload's parts: content cut into chunks, and the tree of hashes that proves each.

Content is cut into chunks of 1 KiB, and their hashes, 64 to a chunk, into *lists*. The manifest
holds the hashes of the lists, so every chunk, also one of a list, can be judged alone as soon as
it has come. Places number all of them: the lists first, then the content.
"""

from dataclasses import dataclass

from holub_crypto.digest import keyed
from holub_protocol.limits import CHUNK_BYTES, CHUNK_HASH_BYTES, PAYLOAD_BYTES

HASHES_PER_LIST = CHUNK_BYTES // CHUNK_HASH_BYTES
_CHUNK_KEY = b"holub chunk 1"


@dataclass(frozen=True, slots=True)
class Layout:
    """How a payload of `size_bytes` is cut; ValueError outside 1 to PAYLOAD_BYTES."""

    size_bytes: int

    def __post_init__(self) -> None:
        """Refuse what no manifest may announce."""
        if not 1 <= self.size_bytes <= PAYLOAD_BYTES:
            raise ValueError(f"a payload has 1 to {PAYLOAD_BYTES} bytes, not {self.size_bytes}")

    @property
    def contents(self) -> int:
        """How many chunks of content there are."""
        return -(-self.size_bytes // CHUNK_BYTES)

    @property
    def lists(self) -> int:
        """How many chunks of hashes there are."""
        return -(-self.contents // HASHES_PER_LIST)

    @property
    def count(self) -> int:
        """How many chunks there are in all: places are 0 to this."""
        return self.lists + self.contents

    @property
    def whole(self) -> int:
        """Every place as a bit: bit p stands for place p."""
        return (1 << self.count) - 1

    @property
    def listing(self) -> int:
        """The places of the lists as bits."""
        return (1 << self.lists) - 1

    @property
    def bytes(self) -> int:
        """Bytes of all chunks, lists included."""
        return self.size_bytes + self.contents * CHUNK_HASH_BYTES

    def size_of(self, place: int) -> int:
        """Return the bytes of the chunk at a place."""
        if place < self.lists:
            left = self.contents - place * HASHES_PER_LIST
            return min(HASHES_PER_LIST, left) * CHUNK_HASH_BYTES
        return min(CHUNK_BYTES, self.size_bytes - (place - self.lists) * CHUNK_BYTES)

    def proof(self, place: int) -> tuple[int, int]:
        """Return which list holds the hash of a chunk of content, and at which byte."""
        number = place - self.lists
        return number // HASHES_PER_LIST, number % HASHES_PER_LIST * CHUNK_HASH_BYTES

    def proved_by(self, place: int) -> int:
        """Return the places, as bits, of the content that a list proves."""
        first = self.lists + place * HASHES_PER_LIST
        count = self.size_of(place) // CHUNK_HASH_BYTES
        return ((1 << count) - 1) << first


def chunk_hash(chunk: bytes) -> bytes:
    """Return the 16-byte hash by which a chunk is known."""
    return keyed(_CHUNK_KEY, chunk, CHUNK_HASH_BYTES)


def cut(content: bytes) -> tuple[bytes, tuple[bytes, ...]]:
    """Return the hashes of the lists, joined, and all chunks by place; ValueError for a size
    that no payload has."""
    layout = Layout(len(content))
    pieces = [content[at : at + CHUNK_BYTES] for at in range(0, len(content), CHUNK_BYTES)]
    hashes = b"".join(map(chunk_hash, pieces))
    lists = [hashes[at : at + CHUNK_BYTES] for at in range(0, len(hashes), CHUNK_BYTES)]
    assert len(lists) == layout.lists
    return b"".join(map(chunk_hash, lists)), (*lists, *pieces)
