"""How payloads get from node to node: who holds what, whom to ask for which chunk, and when again.

A node that lacks chunks says which it holds (HAVE); whoever holds others answers with its own
HAVE and is asked for some (FETCH), a few at a time, so that several peers are asked for different
ones at once. The order is drawn anew by each node: two that fetch side by side soon have
different chunks to give each other. Every chunk that comes is proved and kept before more is
asked for; what a break of the link interrupts goes on where it was, with this peer or another.
"""

from collections.abc import Callable, Iterable

from holub_protocol.frames import Chunk, Fetch, Have
from holub_protocol.journal import Journal
from holub_protocol.kinds.manifest import ManifestBody
from holub_protocol.limits import (
    CHUNK_SERVINGS,
    CHUNK_TIMEOUT_US,
    CHUNKS_LINGER_US,
    CHUNKS_PER_COMMIT,
    HAVE_AGAIN_MAX_US,
    HAVE_AGAIN_US,
    HAVE_SPACING_US,
    HAVES_AT_ONCE,
    PARTS_KEPT,
    PAYLOADS_UNDER_WAY,
    PEERS_REMEMBERED,
)
from holub_protocol.message import Now
from holub_protocol.payloads import bitmap
from holub_protocol.payloads.library import Library, Outcome, Payload
from holub_protocol.payloads.line import Line, Part, bits_of, first
from holub_protocol.payloads.queue import ChunkQueue
from holub_protocol.refusal import Refusal
from holub_protocol.room import Room
from holub_protocol.session import Session
from holub_protocol.stats import PayloadStats
from holub_protocol.storage import State

_NEWS_LATEST_US = 5_000_000
_PREFERRED = 16


class Exchange:
    """The exchange of one node's payloads with all its peers."""

    def __init__(
        self, library: Library, journal: Journal, room: Room, entropy: Callable[[int], bytes]
    ) -> None:
        """Know nobody."""
        self.due_us: int | None = None
        self._library, self._journal, self._room, self._entropy = library, journal, room, entropy
        self._lines: dict[int, Line] = {}
        self._orders: dict[bytes, tuple[int, ...]] = {}
        self._asked: dict[bytes, int] = {}
        self._under_way: list[Payload] = []
        self._stale, self._version = True, -1
        self._preferred: dict[bytes, None] = {}
        self._parts: dict[tuple[bytes, int], bytes] = {}
        self._remembered: dict[bytes, dict[bytes, int]] = {}
        self._chunks_in = self._chunks_out = self._again = self._wrong = 0

    # --- what happens -----------------------------------------------------------------------------

    def manifest(self, id_: bytes, body: ManifestBody, now: Now) -> Payload:
        """A manifest is held from now on: fetch its payload if there is room for it."""
        payload = self._library.add(id_, body)
        self._room.reserve(payload, now)
        self._stale = True
        for line in self._lines.values():
            if payload.missing and payload.wanted:
                self._say(line, payload, now)
        self._soon(now.mono_us + HAVE_AGAIN_US)
        return payload

    def restore(self, now: Now) -> None:
        """The library is as the store has it: those of which most is held get their room first,
        and what has no room any more goes, whole."""
        for payload in sorted(self._library, key=lambda payload: -payload.held.bit_count()):
            if not self._room.reserve(payload, now) and payload.held:
                self._room.put_aside(payload.id, State.EVICTED)
        self._soon(now.mono_us)

    def link_up(self, session: Session, now: Now) -> None:
        """A link is live: go on with what its peer was seen to hold, ask about the rest."""
        line = Line(session, ChunkQueue(self._library), self._remembered.pop(session.peer, {}), now)
        self._lines[session.link] = line
        session.outbox.chunks = line.queue
        self._stale = True
        self._ask(line, now)
        self._tell(line, now)

    def link_down(self, link: int) -> None:
        """A link is gone; what it had begun is remembered."""
        line = self._lines.pop(link, None)
        if line is None:
            return
        for id_, place in list(line.asked):
            self._release(line, id_, place)
        self._chunks_out += line.queue.chunks_out
        if line.part is not None:
            self._parts[line.part.id, line.part.place] = bytes(line.part.data)
            if len(self._parts) > PARTS_KEPT:
                del self._parts[next(iter(self._parts))]
        shares = {p.id: line.shares[p.id] for p in self._under_way if p.id in line.shares}
        if shares:
            self._remembered[line.session.peer] = shares
            if len(self._remembered) > PEERS_REMEMBERED:
                del self._remembered[next(iter(self._remembered))]
        self._stale = True

    def hear(self, session: Session, frame: Chunk | Have | Fetch, now: Now) -> Refusal | None:
        """Act on a frame; return what is wrong with it."""
        line = self._lines.get(session.link)
        payload = line.payload(frame.short_id, self._library) if line is not None else None
        if line is None or payload is None:
            return None
        match frame:
            case Chunk():
                return self._chunk(line, payload, frame, now)
            case Have():
                return self._have(line, payload, frame, now)
            case Fetch():
                return self._fetch(line, payload, frame, now)

    def give(self, id_: bytes, place: int, chunk: bytes, now: Now) -> Outcome:
        """Take in a chunk of this machine's own; KeyError for an unknown payload."""
        payload = self._library.get(id_)
        if payload is None:
            raise KeyError(id_.hex())
        outcome = Outcome.UNPROVED
        if self._room.reserve(payload, now) and place < payload.layout.count:
            outcome = self._library.put(payload, place, chunk)
        self._journal.keep_now()
        self._soon(now.mono_us)
        return outcome

    def unstored(self, chunks: Iterable[tuple[bytes, int, bytes]], now: Now) -> None:
        """The store had no room for chunks: they are asked for again, but not at once."""
        for id_, place, _ in chunks:
            self._library.lose(id_, place)
            for line in self._lines.values():
                line.rest(id_, now.mono_us + HAVE_AGAIN_US)
        self._stale = True
        self._soon(now.mono_us + HAVE_AGAIN_US)

    def has_share(self, authority: int, signer: bytes, need_bytes: int) -> bool:
        """Whether a payload is within what payloads may take here (see Room.has_share)."""
        return self._room.has_share(authority, signer, need_bytes)

    def prefer(self, id_: bytes) -> None:
        """Somebody waits for a payload here: fetch it before others."""
        if id_ not in self._preferred:
            self._preferred[id_] = None
            self._stale = True
            if len(self._preferred) > _PREFERRED:
                del self._preferred[next(iter(self._preferred))]

    def wake(self, now: Now) -> None:
        """Do what is due by time alone."""
        if self.due_us is None or now.mono_us < self.due_us:
            return
        self.due_us, self._stale = None, True
        self._journal.keep_now()
        for payload in self._library:
            if not payload.wanted:
                self._stale |= self._room.reserve(payload, now)
                self._soon(now.mono_us + HAVE_AGAIN_US)
        for line in self._lines.values():
            self._give_up(line, now)
        for line in self._lines.values():
            self._ask(line, now)
            self._tell_news(line, now)
            self._tell(line, now)

    def stats(self) -> PayloadStats:
        """Return counts for operators."""
        whole = sum(not payload.missing for payload in self._library)
        out = sum(line.queue.chunks_out for line in self._lines.values())
        return PayloadStats(
            whole=whole,
            partial=sum(1 for _ in self._library) - whole,
            chunks_in=self._chunks_in,
            chunks_out=self._chunks_out + out,
            chunks_again=self._again,
            chunks_wrong=self._wrong,
        )

    # --- frames -----------------------------------------------------------------------------------

    def _have(self, line: Line, payload: Payload, have: Have, now: Now) -> Refusal | None:
        try:
            bits = bitmap.decode(have.bitmap, payload.layout.count)
        except bitmap.BitmapError:
            return Refusal.MALFORMED
        known = payload.id in line.shares
        line.share(payload.id, bits)
        for id_, place in list(line.asked):
            if id_ == payload.id and not bits >> place & 1:
                self._release(line, id_, place)
        self._stale = True
        lacking = payload.missing and payload.wanted
        if not known and (lacking or payload.held & ~bits):
            self._say(line, payload, now)
        elif line.news(payload):
            self._soon(now.mono_us + HAVE_SPACING_US)
        self._ask(line, now)
        return None

    def _fetch(self, line: Line, payload: Payload, fetch: Fetch, now: Now) -> Refusal | None:
        if any(place >= payload.layout.count for place in fetch.places):
            return Refusal.MALFORMED
        held = tuple(place for place in fetch.places if payload.held >> place & 1)
        served = line.servings.get(payload.id, 0)
        if held and served < CHUNK_SERVINGS * payload.layout.count:
            offset = fetch.offset if held[0] == fetch.places[0] else 0
            new = line.queue.ask(payload.id, held, offset)
            line.session.outbox.stir()
            line.servings[payload.id] = served + new
            line.given[payload.id] = line.given.get(payload.id, 0) | bits_of(held)
        if len(held) < len(fetch.places):
            _, said_us = line.said.get(payload.id, (0, -HAVE_SPACING_US))
            if now.mono_us - said_us >= HAVE_SPACING_US:
                self._say(line, payload, now)
        return None

    def _chunk(self, line: Line, payload: Payload, chunk: Chunk, now: Now) -> Refusal | None:
        if chunk.place >= payload.layout.count:
            return Refusal.MALFORMED
        size = payload.layout.size_of(chunk.place)
        if chunk.offset + len(chunk.data) > size:
            return Refusal.MALFORMED
        if payload.held >> chunk.place & 1:
            self._again += chunk.offset + len(chunk.data) == size
            self._release(line, payload.id, chunk.place)
            return None
        part = line.part
        if chunk.offset == 0:
            part = Part(payload.id, chunk.place, bytearray())
        elif part is None or (part.id, part.place, len(part.data)) != (
            payload.id, chunk.place, chunk.offset,
        ):  # fmt: skip
            return None
        part.data += chunk.data
        line.part, line.heard_us = part, now.mono_us
        if len(part.data) < size:
            return None
        line.part = None
        return self._whole_chunk(line, payload, part, now)

    def _whole_chunk(self, line: Line, payload: Payload, part: Part, now: Now) -> Refusal | None:
        """A chunk has come to its end: keep it, or find out who is to blame."""
        outcome = self._library.put(payload, part.place, bytes(part.data))
        line.arrived(payload.id, part.place, now)
        self._release(line, payload.id, part.place)
        if outcome is Outcome.WRONG:
            self._wrong += 1
            if part.mixed:
                return None
            line.rest(payload.id, now.mono_us + CHUNK_TIMEOUT_US)
            self._stale = True
            self._soon(now.mono_us + CHUNK_TIMEOUT_US)
            return Refusal.CHUNK
        if outcome is Outcome.TAKEN:
            self._chunks_in += 1
            self._soon(now.mono_us + CHUNKS_LINGER_US)
            if not payload.missing:
                self._finish(payload)
        if any(other.news(payload) for other in self._lines.values()):
            self._soon(now.mono_us + HAVE_SPACING_US)
        if part.place < payload.layout.lists or not payload.missing:
            for other in self._lines.values():
                self._ask(other, now)
        else:
            self._ask(line, now)
        return None

    def _finish(self, payload: Payload) -> None:
        """All of a payload is here: it is committed at once, and others have their turn."""
        self._journal.keep_now()
        self._orders.pop(payload.id, None)
        self._preferred.pop(payload.id, None)
        self._stale = True

    # --- asking -----------------------------------------------------------------------------------

    def _ask(self, line: Line, now: Now) -> None:
        """Ask a peer for as many chunks as it may owe us, of the payloads under way."""
        for payload in self._current(now):
            room = line.room()
            if not room:
                return
            bits = line.offers(payload, now) & payload.provable
            bits &= ~self._asked.get(payload.id, 0)
            places = first(bits, self._order(payload), room) if bits else ()
            if not places:
                continue
            offset, places = self._go_on(line, payload, bits, places)
            if not line.asked:
                line.heard_us = now.mono_us
            for place in places:
                line.asked[payload.id, place] = now.mono_us
            self._asked[payload.id] = self._asked.get(payload.id, 0) | bits_of(places)
            line.session.outbox.say(Fetch(line.short(payload.id), offset, places))
            self._soon(now.mono_us + CHUNK_TIMEOUT_US)

    def _go_on(
        self, line: Line, payload: Payload, bits: int, places: tuple[int, ...]
    ) -> tuple[int, tuple[int, ...]]:
        """Put a chunk first whose beginning came before another link broke, if there is one."""
        if line.asked or line.part is not None:
            return 0, places
        for id_, place in list(self._parts):
            if id_ == payload.id and bits >> place & 1:
                data = self._parts.pop((id_, place))
                line.part = Part(id_, place, bytearray(data), mixed=True)
                rest = tuple(other for other in places if other != place)
                return len(data), (place, *rest[: len(places) - 1])
        return 0, places

    def _current(self, now: Now) -> list[Payload]:
        """Return the payloads under way: few, so that what is begun gets whole."""
        if self._version != self._library.version:
            self._forget_gone()
        if self._stale:
            self._stale = False
            wanted = [
                payload
                for payload in self._library
                if payload.missing and payload.wanted
                and any(line.offers(payload, now) for line in self._lines.values())
            ]  # fmt: skip
            wanted.sort(key=lambda p: (p.id not in self._preferred, -p.held.bit_count()))
            self._under_way = wanted[:PAYLOADS_UNDER_WAY]
        return self._under_way

    def _forget_gone(self) -> None:
        """Payloads have come or gone: let go of what was for those that are gone."""
        self._version, self._stale = self._library.version, True
        for line in self._lines.values():
            for id_, place in list(line.asked):
                if self._library.get(id_) is None:
                    self._release(line, id_, place)
                    line.forget(id_)
        for id_ in [id_ for id_ in self._orders if self._library.get(id_) is None]:
            del self._orders[id_]

    def _order(self, payload: Payload) -> tuple[int, ...]:
        """Return the order in which this node fetches a payload: lists, then chance."""
        order = self._orders.get(payload.id)
        if order is None:
            layout = payload.layout
            draws = self._entropy(4 * layout.contents)
            contents = sorted(
                range(layout.lists, layout.count),
                key=lambda place: draws[
                    4 * (place - layout.lists) : 4 * (place - layout.lists + 1)
                ],
            )
            order = self._orders[payload.id] = (*range(layout.lists), *contents)
        return order

    def _release(self, line: Line, id_: bytes, place: int) -> None:
        """A chunk is not waited for any more on a link."""
        line.asked.pop((id_, place), None)
        bits = self._asked.get(id_, 0) & ~(1 << place)
        if bits:
            self._asked[id_] = bits
        else:
            self._asked.pop(id_, None)

    def _give_up(self, line: Line, now: Now) -> None:
        """Stop waiting for a peer that has sent nothing for half a minute."""
        if line.asked and now.mono_us - line.heard_us >= CHUNK_TIMEOUT_US:
            for id_, place in list(line.asked):
                line.rest(id_, now.mono_us + CHUNK_TIMEOUT_US)
                self._release(line, id_, place)
            self._soon(now.mono_us + CHUNK_TIMEOUT_US)
        if line.asked:
            self._soon(line.heard_us + CHUNK_TIMEOUT_US)

    # --- telling ----------------------------------------------------------------------------------

    def _say(self, line: Line, payload: Payload, now: Now) -> None:
        wire = bitmap.encode(payload.held, payload.layout.count)
        line.session.outbox.say(Have(line.short(payload.id), wire))
        line.said[payload.id] = payload.held, now.mono_us

    def _tell_news(self, line: Line, now: Now) -> None:
        """Tell a peer that lacks chunks of those that have come, many at a time."""
        for payload in self._library:
            news = line.news(payload)
            if not news:
                continue
            _, said_us = line.said.get(payload.id, (0, -_NEWS_LATEST_US))
            enough = news.bit_count() >= CHUNKS_PER_COMMIT or not payload.missing
            due_us = said_us + (HAVE_SPACING_US if enough else _NEWS_LATEST_US)
            if now.mono_us >= due_us:
                self._say(line, payload, now)
            else:
                self._soon(due_us)

    def _tell(self, line: Line, now: Now) -> None:
        """Ask a peer about payloads of which nobody is known to have what is missing."""
        sought = [
            payload
            for payload in self._library
            if payload.missing and payload.wanted
            and not any(other.offers(payload, now) for other in self._lines.values())
        ]  # fmt: skip
        if sought and now.mono_us >= line.tell_due_us:
            sought.sort(key=lambda payload: line.said.get(payload.id, (0, -1))[1])
            for payload in sought[:HAVES_AT_ONCE]:
                self._say(line, payload, now)
            if all(payload.id in line.said for payload in sought):
                pause_us = max(HAVE_AGAIN_US, 2 * line.tell_pause_us)
                line.tell_pause_us = min(HAVE_AGAIN_MAX_US, pause_us)
                line.tell_due_us = now.mono_us + line.tell_pause_us
            else:
                line.tell_due_us = now.mono_us + HAVE_SPACING_US
        if sought:
            self._soon(line.tell_due_us)

    def _soon(self, at_us: int) -> None:
        self.due_us = at_us if self.due_us is None else min(self.due_us, at_us)
