"""The payloads of one node: which chunks are held, and the only way to put in or read one.

A chunk is put in only after its hash was found right, and is hashed again whenever it is read: a
flipped bit costs one chunk, which is fetched again. Chunks lie in the store and never stay in
memory; of each payload only bits are kept, and a few lists for as long as they are in use.
"""

from collections import OrderedDict
from collections.abc import Iterator
from enum import Enum
from typing import Protocol

from holub_protocol.holdings import Holdings
from holub_protocol.journal import Journal
from holub_protocol.kinds.manifest import ManifestBody
from holub_protocol.limits import CHUNK_HASH_BYTES
from holub_protocol.payloads import bitmap
from holub_protocol.payloads.layout import Layout, chunk_hash
from holub_protocol.storage import CHUNK_ROW_BYTES

_LISTS_KEPT = 64


class ChunkSource(Protocol):
    """Where chunks are: the store, overlaid with what was taken but is not committed yet."""

    def chunk(self, id_: bytes, place: int) -> bytes | None:
        """Return a chunk, proved or not; None if there is none."""

    def places(self, id_: bytes) -> tuple[int, ...]:
        """Return the places of the chunks in the store."""


class Outcome(Enum):
    """What came of a chunk. UNPROVED: its list is missing, so nobody can tell."""

    TAKEN = "taken"
    KNOWN = "known"
    WRONG = "wrong"
    UNPROVED = "unproved"


class Payload:
    """One payload: how it is cut, the hashes of its lists, and which places are held, as bits.

    It is `wanted` once there is room for all of it: only then are chunks taken in.
    """

    __slots__ = ("body", "held", "id", "layout", "wanted")

    def __init__(self, id_: bytes, body: ManifestBody) -> None:
        """Begin with nothing of it."""
        self.id, self.body, self.layout = id_, body, body.layout
        self.held = 0
        self.wanted = False

    @property
    def missing(self) -> int:
        """The places that are not held, as bits."""
        return self.layout.whole & ~self.held

    @property
    def provable(self) -> int:
        """The missing places whose chunks can be proved now: lists, and what held lists prove."""
        lists = self.missing & self.layout.listing
        if not lists:
            return self.missing
        bits = lists
        for place in bitmap.places(self.held & self.layout.listing):
            bits |= self.layout.proved_by(place)
        return bits & ~self.held


def room_bytes(layout: Layout) -> int:
    """Return what a payload takes in the store, once whole."""
    return layout.bytes + layout.count * CHUNK_ROW_BYTES


class Library:
    """See the module. Payloads come and go with their manifests."""

    def __init__(self, holdings: Holdings, journal: Journal, source: ChunkSource) -> None:
        """Know of none."""
        self._holdings, self._journal, self._source = holdings, journal, source
        self._payloads: dict[bytes, Payload] = {}
        self._lists: OrderedDict[tuple[bytes, int], bytes] = OrderedDict()
        self.used_bytes = 0
        self.version = 0
        self.damaged = 0

    def __iter__(self) -> Iterator[Payload]:
        """Every payload, in the order in which its manifest came."""
        return iter(self._payloads.values())

    def get(self, id_: bytes) -> Payload | None:
        """Return the payload of a held manifest."""
        return self._payloads.get(id_)

    def add(self, id_: bytes, body: ManifestBody) -> Payload:
        """A manifest is held: know its payload, with what the store has of it."""
        payload = self._payloads[id_] = Payload(id_, body)
        for place in self._source.places(id_):
            if place < payload.layout.count:
                payload.held |= 1 << place
        self.version += 1
        return payload

    def drop(self, id_: bytes) -> None:
        """A manifest is gone, and in the store all chunks with it."""
        payload = self._payloads.pop(id_, None)
        if payload is not None:
            self._charge(payload, 0)
            self.version += 1
            for place in range(payload.layout.lists):
                self._lists.pop((id_, place), None)

    def want(self, payload: Payload) -> None:
        """There is room for all of a payload: it is taken, and chunks are welcome."""
        self._charge(payload, room_bytes(payload.layout))
        payload.wanted = True

    def _charge(self, payload: Payload, size: int) -> None:
        """Count a payload for the store and for its source."""
        self.used_bytes += size - (room_bytes(payload.layout) if payload.wanted else 0)
        self._holdings.charge(payload.id, size)

    # --- chunks -----------------------------------------------------------------------------------

    def put(self, payload: Payload, place: int, chunk: bytes) -> Outcome:
        """Take in a whole chunk, if it is the one that the manifest lists."""
        if payload.held >> place & 1:
            return Outcome.KNOWN
        expected = self._expected(payload, place)
        if expected is None or not payload.wanted:
            return Outcome.UNPROVED
        if chunk_hash(chunk) != expected:
            return Outcome.WRONG
        payload.held |= 1 << place
        self._journal.keep(payload.id, place, chunk)
        return Outcome.TAKEN

    def read(self, id_: bytes, place: int) -> bytes | None:
        """Return a held chunk, proved anew; one that is damaged or gone is missing from now on."""
        payload = self._payloads.get(id_)
        if payload is None or not payload.held >> place & 1:
            return None
        expected = self._expected(payload, place)
        if expected is None:
            return None
        chunk = self._journal.chunk(id_, place) or self._source.chunk(id_, place)
        if chunk is None or chunk_hash(chunk) != expected:
            self.lose(id_, place)
            self.damaged += 1
            return None
        return chunk

    def lose(self, id_: bytes, place: int) -> None:
        """A chunk is not held after all: it was damaged, or the store had no room."""
        payload = self._payloads.get(id_)
        if payload is not None:
            payload.held &= ~(1 << place)
            self._lists.pop((id_, place), None)

    def _expected(self, payload: Payload, place: int) -> bytes | None:
        """Return the hash that a chunk must have; None where its list is missing."""
        if place < payload.layout.lists:
            at = place * CHUNK_HASH_BYTES
            return payload.body.lists[at : at + CHUNK_HASH_BYTES]
        number, at = payload.layout.proof(place)
        hashes = self._lists.get((payload.id, number))
        if hashes is None:
            hashes = self.read(payload.id, number)
            if hashes is None:
                return None
            self._lists[payload.id, number] = hashes
            if len(self._lists) > _LISTS_KEPT:
                self._lists.popitem(last=False)
        return hashes[at : at + CHUNK_HASH_BYTES]
