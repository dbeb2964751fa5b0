"""Everything of one node that lies in its data directory, opened once: lock, keys, store, node.

The daemon drives it, and so do commands while no daemon runs, by the same requests.
"""

import os
import stat
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Final, Self

from holub_crypto.chains import Denial
from holub_crypto.charter import CharterError
from holub_crypto.identity import Identity, verify
from holub_crypto.trust import Ask, Role, Trust
from holub_protocol.areas import AreaTree, ukraine
from holub_protocol.author import hour_left_s, next_point
from holub_protocol.kinds import kind_named
from holub_protocol.message import Now
from holub_protocol.node import Node
from holub_protocol.policy import Policy
from holub_protocol.storage import NODE_NOTES, State, Store, StoreError, StoreFull, Writes
from holub_relay import config as settings
from holub_relay import keyfile, seen
from holub_relay.clock import Clock
from holub_relay.closing import Closing
from holub_relay.config import Config
from holub_relay.errors import Exit, OperatorError
from holub_relay.limits import CHAIN_BYTES
from holub_relay.listing import Listing
from holub_relay.lockfile import DataDirBusy, DataDirError, DataLock
from holub_relay.passphrase import Passphrases
from holub_relay.store import SqliteStore
from holub_relay.timesources import Outside, outside

CHARTER_FILE: Final = "charter.cbor"
_COMMITS_MAX: Final = 64
"""Batches in a row that one offline command may need: far more than it does; a node that never
comes to rest is a mistake of ours."""

_LOOK_S: Final = 0.05  # between two looks whether a busy directory is free again


NEW_DESK_NOTE: Final = "desk-new"

LIFE_NOTE: Final = "life"
"""How long the node of this directory has run, over all its starts: ages go on by it."""


class Overlay:
    """Bodies that were taken but are not committed yet, over the store (see node.Bodies)."""

    def __init__(self, store: Store) -> None:
        """Start with nothing under way."""
        self._store = store
        self._pending: dict[bytes, tuple[int, bytes]] = {}
        self._chunks: dict[tuple[bytes, int], tuple[int, bytes]] = {}

    def get(self, id_: bytes) -> bytes | None:
        """Return a body; None if it is damaged or gone."""
        pending = self._pending.get(id_)
        return pending[1] if pending is not None else self._store.get(id_)

    def chunk(self, id_: bytes, place: int) -> bytes | None:
        """Return a chunk of a payload; None if there is none."""
        pending = self._chunks.get((id_, place))
        return pending[1] if pending is not None else self._store.chunk(id_, place)

    def places(self, id_: bytes) -> tuple[int, ...]:
        """Return the places of the chunks in the store."""
        return self._store.places(id_)

    def begin(self, number: int, writes: Writes) -> None:
        """Batch `number` is under way."""
        for row, body in writes.rows:
            if body is not None:
                self._pending[row.id] = (number, body)
        for id_, place, chunk in writes.chunks:
            self._chunks[id_, place] = (number, chunk)

    def end(self, number: int, writes: Writes) -> None:
        """Batch `number` is committed, or will never be."""
        for row, _ in writes.rows:
            if self._pending.get(row.id, (-1, b""))[0] == number:
                del self._pending[row.id]
        for id_, place, _ in writes.chunks:
            if self._chunks.get((id_, place), (-1, b""))[0] == number:
                del self._chunks[id_, place]


class Station(Closing):
    """An open data directory. Use `open`, as a context."""

    def __init__(
        self,
        data_dir: Path,
        config: Config,
        store: Store,
        first_charter: bytes,
        entropy: Callable[[int], bytes],
        clock: Clock | None = None,
        passphrases: Passphrases | None = None,
    ) -> None:
        """Restore the node from `store`; keys come from the directory, opened by `passphrases`
        where they have any (None: who is at this machine is asked)."""
        self.data_dir, self.config, self.store = data_dir, config, store
        self.clock = clock or Clock(config.clock, life_us=_number(store.note(LIFE_NOTE)))
        self.areas = ukraine()
        self.entropy = entropy
        self.passphrases = passphrases or Passphrases.of_machine()
        self.identity = keyfile.load(data_dir, "node", self.passphrases)
        self.desk = keyfile.find(data_dir, "desk", self.passphrases)
        self.registrar = keyfile.find(data_dir, "registrar", self.passphrases)
        self.overlay = Overlay(store)
        self.listing = Listing()
        self._authors: dict[bytes, None] = {}
        self._closing = ExitStack()
        trust = read_trust(first_charter, self.areas, data_dir / CHARTER_FILE)
        found = outside()
        self.clock.look(found, (trust.charter.created_s,))
        self.node = Node(
            identity=self.identity,
            trust=trust,
            areas=self.areas,
            entropy=entropy,
            verify=verify,
            bodies=self.overlay,
            now=self.now(),
            # An eighth less than the store has, so that the node evicts before a commit fails.
            policy=Policy(store_bytes=store.quota_bytes * 7 // 8),
            rows=store.rows(),
            counters=store.counters(),
            notes=store.notes(NODE_NOTES),
        )
        self.look_at_clock(found)
        for raw in seen.remembered(data_dir):
            self.node.offer(raw, self.now())
        self.enrol()

    @classmethod
    def open(
        cls,
        data_dir: Path,
        config: Config | None = None,
        entropy: Callable[[int], bytes] = os.urandom,
        patience_s: float = 0.0,
        passphrases: Passphrases | None = None,
    ) -> Self:
        """Lock and open a directory that `init` has made; `config` replaces its own settings.

        Another command may hold it for a moment: `patience_s` is how long to wait for that.
        Raises OperatorError: busy, no realm yet, open to others, or broken files.
        """
        first = read_charter(data_dir)
        mode = data_dir.stat().st_mode
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise OperatorError(
                f"{data_dir} holds keys and may be opened by others; run `chmod 700 {data_dir}`"
            )
        config = config or settings.load(data_dir)
        with ExitStack() as stack:
            try:
                _lock(stack, data_dir, patience_s)
                store = SqliteStore.open(data_dir / "store.db", config.store_mib << 20)
            except DataDirBusy as error:
                raise OperatorError(str(error), Exit.BUSY) from None
            except (DataDirError, StoreError) as error:
                raise OperatorError(str(error)) from None
            stack.callback(store.close)
            station = cls(data_dir, config, store, first, entropy, passphrases=passphrases)
            station._closing = stack.pop_all()
            return station

    def close(self) -> None:
        """Close the store and let go of the lock."""
        self._closing.close()

    @property
    def salvaged(self) -> str | None:
        """What became of a store that was found damaged at the start; None if it was sound."""
        report = self.store.salvage if isinstance(self.store, SqliteStore) else None
        if report is None:
            return None
        return (
            f"the store was damaged and lies in {report.moved_to} now; {report.bodies} of "
            f"{report.rows} messages were got back, the rest comes from neighbours"
        )

    def now(self) -> Now:
        """Return the moment as the node knows it."""
        return self.clock.now()

    def look_at_clock(self, found: Outside) -> bool:
        """Judge anew what vouches for the clock, given what disciplines it from outside; return
        whether that changed anything, of which the node then knows."""
        changed = self.clock.look(found, self.node.signed_times_s(self.now()))
        if changed:
            self.node.wake(self.now())
        return changed

    def life(self) -> Writes:
        """Return what makes durable how long this node has run by now."""
        return Writes(notes=((LIFE_NOTE, self.now().mono_us.to_bytes(8, "big")),))

    @property
    def realm_id(self) -> bytes:
        """The realm's 32-byte id."""
        return self.node.trust.realm_id

    def enrol(self) -> None:
        """Let the keys of this directory sign. A desk begins once it has its grant, for only
        then is it known for whom it signs boards."""
        trust = self.node.trust
        for identity, desk in ((self.identity, False), (self.registrar, False), (self.desk, True)):
            if identity is None or identity.public in self._authors:
                continue
            if desk and not trust.grants(identity.public):
                continue
            # The note lies in the store and goes with it: a desk whose store was lost is not new.
            fresh = desk and self.store.note(NEW_DESK_NOTE) == identity.public
            self.node.add_author(identity, desk=desk, fresh=fresh)
            self._authors[identity.public] = None

    def desk_is_new(self) -> None:
        """Note that the desk's key was made just now and has signed nothing anywhere."""
        if self.desk is not None:
            self.store.commit(Writes(notes=((NEW_DESK_NOTE, self.desk.public),)))

    def check_clock(self, confirmed: bool) -> None:
        """Refuse to sign by a clock that nothing vouches for, unless somebody has looked at it:
        signing with a wrong one spoils the order of a key's messages for good."""
        if not self.now().reliable and not confirmed:
            raise OperatorError(
                f"nothing vouches for this machine's clock, which says {self.now().wall_s}; set "
                "it, then add --confirm-clock (or tell a running relay with `holub clock confirm`)"
            )

    def desk_key(self) -> Identity:
        """Return the desk's key; OperatorError where this machine has none, or no grant."""
        if self.desk is None:
            raise OperatorError(
                f"there is no desk key in {self.data_dir / 'keys'}: alerts and boards are signed "
                "on the machine that holds desk.key"
            )
        if self._is_revoked(self.desk.public):
            raise OperatorError(
                f"this desk's key {self.desk.public.hex()} is revoked, and no grant revives it: "
                "set up another directory with a new key, `holub init --join CHARTER --desk`"
            )
        if not self.node.trust.grants(self.desk.public):
            raise OperatorError(
                f"no grant for this desk's key {self.desk.public.hex()} has arrived; a registrar "
                "signs one with `holub realm grant --desk --subject KEY`"
            )
        return self.desk

    def _is_revoked(self, key: bytes) -> bool:
        board, now_s = kind_named("board"), self.now().wall_s
        ask = Ask(key, Role.ANYONE, board.number, board.cls, 0, 0, (), now_s)
        return self.node.trust.may(ask) is Denial.REVOKED

    def desk_rate(self) -> int:
        """Return how many alerts and boards together the desk may sign an hour."""
        grants = self.node.trust.grants(self.desk_key().public)
        return min(max(grant.rate for grant in grants), kind_named("alert").hourly)

    def desk_hour(self) -> tuple[int, int]:
        """Return how many alerts and boards of this hour the desk has signed, and in how many
        seconds the hour is over."""
        alert, key, wall_s = kind_named("alert"), self.desk_key().public, self.now().wall_s
        last = {(c.signer, c.group): c.point for c in self.store.counters()}
        created_s, used = next_point(last.get((key, alert.group)), wall_s)
        return used, hour_left_s(created_s, wall_s)

    def settle(self, wake: bool = False) -> None:
        """Commit what the node has to write, without a daemon; `wake` signs boards that are due.

        Raises OperatorError where the store has no room or fails; nothing was published then.
        """
        if wake:
            self.node.wake(self.now())
        for _ in range(_COMMITS_MAX):
            batch = self.node.take(self.now())
            if not batch.durable:
                return
            try:
                self.store.commit(batch.writes)
            except StoreFull as error:
                self.node.uncommitted(held_ids(batch.writes))
                self.node.unstored_chunks(batch.writes.chunks, self.now())
                raise OperatorError(f"the store is full: {error}; raise store_mib") from None
            except StoreError as error:
                raise OperatorError(f"the store failed: {error}") from None
        raise AssertionError("the node never comes to rest")

    def remember_charters(self) -> None:
        """Keep the charters beside the store, too, if there are new ones."""
        seen.remember(self.data_dir, self.node.trust)


def _number(note: bytes | None) -> int:
    return int.from_bytes(note, "big") if note is not None and len(note) == 8 else 0


def _lock(stack: ExitStack, data_dir: Path, patience_s: float) -> None:
    until_s = time.monotonic() + patience_s
    while True:
        try:
            stack.enter_context(DataLock(data_dir))
            return
        except DataDirBusy:
            if time.monotonic() >= until_s:
                raise
        time.sleep(_LOOK_S)


def held_ids(writes: Writes) -> tuple[bytes, ...]:
    """Return the ids that a commit would have made held."""
    return tuple(row.id for row, _ in writes.rows if row.state is State.HELD)


def read_charter(data_dir: Path) -> bytes:
    """Return the chain of charters that a directory is pinned to; OperatorError if none is."""
    path = data_dir / CHARTER_FILE
    try:
        with path.open("rb") as file:
            return file.read(CHAIN_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        raise OperatorError(
            f"{data_dir} belongs to no realm yet; make one with `holub init --data {data_dir} "
            f"--realm NAME`, or join one with `--join CHARTER`",
            Exit.NOT_FOUND,
        ) from None
    except OSError as error:
        raise OperatorError(f"can't read {path}: {error.strerror}") from None


def read_trust(raw: bytes, areas: AreaTree, source: object) -> Trust:
    """Read a chain; OperatorError names `source` where it is none or of another country."""
    try:
        trust = Trust(raw, areas.covers)
    except CharterError as error:
        raise OperatorError(f"{source} is no charter to start from: {error}") from None
    if trust.charter.registry != areas.digest:
        raise OperatorError(
            f"{source} names another registry of areas ({trust.charter.registry.hex()[:16]}...) "
            f"than this Holub has ({areas.digest.hex()[:16]}...); use the Holub release that "
            "comes with that registry"
        )
    return trust
