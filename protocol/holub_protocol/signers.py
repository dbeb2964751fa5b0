"""The keys that sign on this machine: the order of their messages, and a desk's boards."""

from collections.abc import Callable, Iterable, Iterator

from holub_crypto.identity import Identity
from holub_crypto.trust import Trust
from holub_protocol.adopted import Points, from_notes, later, note_of, to_note
from holub_protocol.author import Author, PublishError, joined
from holub_protocol.boards import BoardKeeper
from holub_protocol.journal import Journal
from holub_protocol.kinds import kind_named
from holub_protocol.message import Now
from holub_protocol.storage import Counter


class Signers:
    """The signing keys of one node, and for each desk when its next board is due."""

    def __init__(
        self,
        counters: tuple[Counter, ...],
        notes: Iterable[tuple[str, bytes]] = (),
        journal: Journal | None = None,
    ) -> None:
        """Go on from all counters that the store holds, and the notes of keys that are adopted;
        such notes go to `journal`."""
        self._journal = journal or Journal()
        self._counters, self._adopted = counters, from_notes(notes)
        self._authors: dict[bytes, Author] = {}
        self._heard: dict[tuple[bytes, str], tuple[int, int]] = {}
        self._keepers: dict[bytes, BoardKeeper] = {}
        self._complete: dict[bytes, None] = {}

    def __contains__(self, key: bytes | None) -> bool:
        """Whether a key signs here."""
        return key in self._authors

    def add(self, identity: Identity, trust: Trust, desk: bool, fresh: bool) -> None:
        """Let a key sign here; a desk's key also signs boards whenever they are due.

        `fresh` says that the key was made here and has signed nothing elsewhere. Otherwise, and
        without counters, its store may have been lost: a board would end alerts that it no
        longer knows, so none is signed before a neighbour's alerts are all here.
        """
        key = identity.public
        if fresh or any(c.signer == key and c.group == "alert" for c in self._counters):
            self._complete[key] = None
        if key not in self._authors:
            author = self._authors[key] = Author(identity, self._counters)
            for (heard, group), point in self._heard.items():
                if heard == key:
                    author.observe(group, point)
        for grant in trust.grants(key) if desk else ():
            if kind_named("board").number in grant.kinds and grant.authority and grant.areas:
                keeper = BoardKeeper(
                    key, grant.authority, grant.areas[0], grant.rate, self._known(key, fresh)
                )
                keeper.adopted = self.adopted(key)
                self._keepers[key] = keeper

    def _known(self, key: bytes, fresh: bool) -> tuple[int, int] | None:
        """The last point of a key's alerts of which this store knows; None for a new key."""
        points = [c.point for c in self._counters if c.signer == key and c.group == "alert"]
        return None if fresh and not points else max(points, default=(0, 0))

    def author(self, key: bytes) -> Author:
        """Return who signs with a key; raises PublishError if nobody does here."""
        author = self._authors.get(key)
        if author is None:
            raise PublishError(f"no key {key.hex()[:16]} signs on this machine")
        return author

    def observe(self, key: bytes, group: str, point: tuple[int, int]) -> None:
        """Learn that a key has used a point: if it signs here, now or later, it goes on from
        there, also where its own counters are lost."""
        self._heard[key, group] = joined(self._heard.get((key, group), point), point)
        author = self._authors.get(key)
        if author is not None:
            author.observe(group, point)

    def keeper(self, key: bytes) -> BoardKeeper | None:
        """Return who keeps a desk key's boards, None where its grants allow none."""
        return self._keepers.get(key)

    def adopted(self, key: bytes) -> Points:
        """Return for whom a key's boards answer, and up to which points."""
        return self._adopted.get(key, {})

    def adopt(self, key: bytes, points: Points) -> None:
        """Let a key's boards answer for others, too, from now on."""
        self._adopted[key] = later(self.adopted(key), points)
        if key in self._keepers:
            self._keepers[key].adopted = self._adopted[key]
        self._journal.note(note_of(key), to_note(self._adopted[key]))

    def touch(self, now: Now, but: bytes = b"") -> None:
        """What holds may have changed: each desk looks again, except the key `but`."""
        for keeper in self._keepers.values():
            if keeper.key != but:
                keeper.touch(now)

    def ready(self, now: Now, equal: Callable[[], bool]) -> Iterator[BoardKeeper]:
        """Yield the desks that may sign a board now; `equal()` tells whether a neighbour's
        alerts are all here. By a clock that nothing vouches for no board is signed, and its
        missing shows everywhere that this desk can't speak."""
        for keeper in self._keepers.values():
            if keeper.key not in self._complete and equal():
                self._complete[keeper.key] = None
            if now.reliable and keeper.key in self._complete:
                yield keeper
            else:
                keeper.postpone(now)

    def due_us(self) -> Iterable[int]:
        """Return when boards are due, in steady microseconds."""
        return [keeper.due_us for keeper in self._keepers.values()]
