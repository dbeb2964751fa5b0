"""Keeping two nodes' sets equal over one link: roots, ranges, wants, and pushing what is new.

No rounds and no waiting: each frame stands for itself. A root that differs makes the side with
the lower key open a reconciliation; new messages are pushed or offered as they come, and
whatever that missed the next root shows. Who hears a root that is equal says nothing: silence
after a root means that nothing is missing.
"""

from collections import OrderedDict
from typing import TypeVar

from holub_protocol.frames import IdList, IHave, Part, Range, Root, Want, WantListed, encode
from holub_protocol.kinds import Class
from holub_protocol.limits import (
    RECONCILE_AGAIN_US,
    REFUSALS_PER_LINK,
    ROOT_EVERY_US,
    ROOT_IDLE_MAX_US,
    ROOT_PUSHED_US,
    ROOT_SPACING_MAX_US,
    ROOT_SPACING_TRIPS,
    ROOT_SPACING_US,
    SETTLE_US,
    SHORT_ID_BYTES,
    SHORT_IDS_PER_LINK,
    SNAPSHOT_SMALL,
    SNAPSHOT_SPACING_US,
)
from holub_protocol.message import Now
from holub_protocol.outbox import Outbox, Shelf
from holub_protocol.patience import Patience
from holub_protocol.reconcile import Snapshot, list_items, pack, short_id, short_ids

_WANT_HEAD_BYTES = 16


class Sync:
    """The comparing half of one link, from HELLO on."""

    def __init__(self, outbox: Outbox, salt: bytes, opens: bool, now: Now) -> None:
        """`opens` tells whether this side opens reconciliations: the lower key's does."""
        self._outbox, self._salt, self._opens = outbox, salt, opens
        self.equal: dict[Class, bool] = {}
        self.peer_counts: dict[Class, int] = {}
        self._peer_roots: dict[Class, tuple[int, bytes]] = {}
        self._own_roots: dict[Class, tuple[int, tuple[int, bytes]]] = {}
        self._shorts: OrderedDict[bytes, bytes | None] = OrderedDict()
        self._declined: OrderedDict[bytes, None] = OrderedDict()
        self._unwanted: OrderedDict[bytes, None] = OrderedDict()
        self._snapshots: dict[Class, tuple[Snapshot, int, int]] = {}
        self._changed: dict[Class, bool] = {}
        self._patience = Patience(now)
        self._pushed: dict[bytes, Class] = {}
        self._whole = True
        self._root_due_us = now.mono_us
        self._root_sent_us = now.mono_us - ROOT_SPACING_US
        self._root_pause_us = ROOT_EVERY_US
        self._open_at_us: dict[Class, int] = {}
        self._open_pause_us: dict[Class, int] = {}

    # --- what the peer says -------------------------------------------------------------------

    def root(self, root: Root, shelf: Shelf, now: Now) -> None:
        """Compare the peer's root with the own; tell ours only where the peer needs it."""
        heard = {cls: (count, digest) for cls, count, digest in root.entries}
        for cls in Class if root.whole else heard:
            self._peer_roots[cls] = heard.get(cls, (0, b""))
            self.peer_counts[cls] = self._peer_roots[cls][0]
            self._compare(cls, shelf, now, SETTLE_US if cls in self.equal else 0)
            if root.asks and (self.equal[cls] or not self._opens):
                self.changed(cls, received=True, now=now)
            elif not self.equal[cls] and not self._opens:
                self._changed.setdefault(cls, False)
                self._hasten(now.mono_us + SETTLE_US)
        if not self._whole:
            self._forget_counted(now)

    def _forget_counted(self, now: Now) -> None:
        """Where the peer counts what was pushed to it there is nothing to tell. What came from
        the peer is told all the same: our root is its acknowledgement."""
        for cls in [c for c, received in self._changed.items() if not received]:
            if self.equal.get(cls):
                del self._changed[cls]
        for id_ in [i for i, cls in self._pushed.items() if self.equal.get(cls)]:
            del self._pushed[id_]
        self._rest(now.mono_us)

    def _rest(self, since_us: int) -> None:
        """Where nothing is to be told, compare again after a pause: a long one if nothing is
        known to differ."""
        if self._changed or self._pushed:
            return
        if False in self.equal.values():
            self._root_due_us = self._root_sent_us + self._root_pause_us
        else:
            self._root_due_us = since_us + ROOT_IDLE_MAX_US

    def _compare(self, cls: Class, shelf: Shelf, now: Now, settle_us: int) -> None:
        theirs = self._peer_roots.get(cls)
        if theirs is None:
            return
        ours = self._root(cls, shelf)
        self.equal[cls] = ours == theirs or ours[0] == theirs[0] == 0
        if self.equal[cls]:
            self._open_at_us.pop(cls, None)
            self._open_pause_us.pop(cls, None)
            self._snapshots.pop(cls, None)
        elif self._opens:
            self._open_at_us.setdefault(cls, now.mono_us + settle_us)

    def range(self, heard: Range, shelf: Shelf, now: Now) -> None:
        """Answer a stretch of the peer's set: split it, list it, ask and send."""
        if self._patience.is_over(heard.cls, shelf.holdings.count(heard.cls), now):
            return
        snapshot = self._snapshot(heard.cls, shelf, now)
        heard_bytes = len(encode(heard))
        room = list_items(self._outbox.piece_bytes)
        difference = snapshot.answer(heard, heard_bytes, room, self._outbox.pace.slow)
        self._tell(heard.cls, difference.send)
        self._patience.searched(heard.cls, difference.idle + len(difference.send))
        self._want_listed(heard, difference.want, shelf)
        if difference.is_none:
            self.changed(heard.cls, received=True, now=now)
        self._say(heard.cls, difference.stretches)
        if heard.cls in self._open_at_us:
            self._open_at_us[heard.cls] = now.mono_us + RECONCILE_AGAIN_US

    def want(self, want: Want, shelf: Shelf) -> None:
        """Queue what the peer asks for, if it was offered and is still held."""
        for short in want.short_ids:
            id_ = self._shorts.get(short)
            if id_ is not None and id_ in shelf.holdings:
                self._outbox.put(id_, shelf.holdings.cls(id_))

    def want_listed(self, want: WantListed, shelf: Shelf, now: Now) -> None:
        """Queue what the peer asks for of a RANGE that was sent to it, the newest first."""
        said = self._outbox.ranges.take_lists(want.cls, want.low)
        if said is None:
            return
        listed = (
            short for p in said.parts if isinstance(p, IdList) for short in short_ids(p.short_ids)
        )
        asked = frozenset(short for place, short in enumerate(listed) if _is_set(want.bits, place))
        for short, id_ in reversed(tuple(self._snapshot(want.cls, shelf, now).listed(said))):
            if short in asked:
                self._learn(short, id_)
                self._outbox.put(id_, want.cls)

    def ihave(self, offer: IHave, shelf: Shelf) -> None:
        """Ask for what was offered and is not known."""
        self._want_offered(offer, shelf)
        for short in offer.short_ids:
            self._learn(short, None)

    def refused(self, short: bytes, final: bool, shelf: Shelf) -> None:
        """Stop offering a message on this link that the peer has refused for good."""
        id_ = self._shorts.get(short)
        if final and id_ is not None and id_ in shelf.holdings:
            self._outbox.drop(id_, shelf.holdings.cls(id_))
            _remember(self._unwanted, id_, None, REFUSALS_PER_LINK)

    # --- what the node says -------------------------------------------------------------------

    def got(self, short: bytes, id_: bytes, cls: Class, shelf: Shelf, now: Now) -> None:
        """Learn the id behind a short id whose message came from the peer: if that does not make
        the sets equal, the peer's last root is behind what it holds by now."""
        self._shorts.pop(short, None)
        self._learn(short, id_)
        if self.equal.get(cls) is False:
            self._compare(cls, shelf, now, RECONCILE_AGAIN_US)
        if not self.equal.get(cls):
            self._peer_roots.pop(cls, None)
        self._open_pause_us.pop(cls, None)
        doubted = self.equal.get(cls) is False or now.mono_us - self._root_sent_us < SETTLE_US
        if not doubted and self._pushed.pop(id_, None) is not None:
            # Both have pushed it to each other: each knows that the other has it. Where roots
            # differed, or ours has just told the peer that we lack it, roots have to tell.
            self._rest(now.mono_us)

    def decline(self, short: bytes) -> None:
        """Never ask again on this link for a message that was refused for good."""
        _remember(self._declined, short, None, REFUSALS_PER_LINK)

    def offer(self, id_: bytes, cls: Class, push: bool, now: Now) -> bool:
        """Push a new message, or offer its id; False if the peer is known to have it."""
        short = short_id(self._salt, id_)
        news = short not in self._shorts
        if news and push:
            self._outbox.put(id_, cls)
            self._pushed[id_] = cls
            self._hasten(now.mono_us + ROOT_PUSHED_US)
        else:
            self.changed(cls, received=False, now=now)
        if news:
            self._learn(short, id_)
            if not push:
                self._outbox.say(IHave(cls, (short,)))
        return news

    def changed(self, cls: Class, received: bool, now: Now) -> None:
        """The own set has changed: tell the peer soon, at once if it came from that peer."""
        self._changed[cls] = self._changed.get(cls, False) or received
        if received and cls in self._open_at_us:
            # What was found last time is still arriving.
            self._open_at_us[cls] = now.mono_us + RECONCILE_AGAIN_US
        self._hasten(now.mono_us + (0 if received else ROOT_PUSHED_US))

    def _hasten(self, at_us: int) -> None:
        """Have a root go by then, but not too soon after the last."""
        due_us = max(at_us, self._root_sent_us + self._root_spacing_us)
        self._root_due_us = min(self._root_due_us, due_us)
        self._root_pause_us = ROOT_EVERY_US

    def counted(self, cls: Class) -> bool | None:
        """Whether the peer counts all that is held here, as far as it has said; None before it
        has said anything."""
        equal = self.equal.get(cls)
        return equal and self._changed.get(cls, True) and cls not in self._pushed.values()

    def wake(self, shelf: Shelf, now: Now) -> None:
        """Do what is due: send a root, open reconciliations, let old snapshots go."""
        if now.mono_us >= self._root_due_us:
            self._send_root(shelf, now)
        for cls in [c for c, at_us in self._open_at_us.items() if now.mono_us >= at_us]:
            self._open(cls, shelf, now)
        for cls, (_, _, built_us) in list(self._snapshots.items()):
            if now.mono_us - built_us > SNAPSHOT_SPACING_US * 10:
                del self._snapshots[cls]

    def next_wake_us(self) -> int:
        """Return when `wake` next has something to do."""
        if not self._open_at_us:
            return self._root_due_us
        return min(self._root_due_us, *self._open_at_us.values())

    @property
    def _root_spacing_us(self) -> int:
        """How long after a root the next may go: some of the times that a frame takes."""
        trips_us = ROOT_SPACING_TRIPS * (self._outbox.pace.round_trip_us or 0)
        return min(max(ROOT_SPACING_US, trips_us), ROOT_SPACING_MAX_US)

    # --- inside -------------------------------------------------------------------------------

    def _root(self, cls: Class, shelf: Shelf) -> tuple[int, bytes]:
        """Return (count, fingerprint) of the own set, reckoned anew only when it has changed."""
        version = shelf.holdings.version(cls)
        known = self._own_roots.get(cls)
        if known is None or known[0] != version:
            known = self._own_roots[cls] = version, shelf.holdings.root(cls, self._salt)
        return known[1]

    def _send_root(self, shelf: Shelf, now: Now) -> None:
        news = sorted({*self._changed, *self._pushed.values()})
        classes = news if news and not self._whole else list(Class)
        roots = {cls: self._root(cls, shelf) for cls in classes}
        whole = len(classes) == len(Class)
        entries = tuple((cls, *root) for cls, root in roots.items() if root[0] or not whole)
        for cls in [c for c in classes if self.equal.get(c) is False]:
            self._compare(cls, shelf, now, SETTLE_US)
        asks = False in (*map(self.equal.get, classes), *self._changed.values())
        self._outbox.say(Root(whole, entries, asks or bool(self._pushed)))
        self._whole = False
        self._changed.clear()
        self._pushed.clear()
        self._root_sent_us = now.mono_us
        self._rest(now.mono_us)
        if not news:
            self._root_pause_us = min(2 * self._root_pause_us, ROOT_IDLE_MAX_US)

    def _open(self, cls: Class, shelf: Shelf, now: Now) -> None:
        """Open a reconciliation, unless one is under way; the next comes later and later."""
        del self._open_at_us[cls]
        self._compare(cls, shelf, now, RECONCILE_AGAIN_US)
        if self.equal.get(cls, True):
            return
        if self._outbox.busy(cls):
            return
        if not self._patience.is_over(cls, shelf.holdings.count(cls), now):
            opening = self._snapshot(cls, shelf, now).opening(list_items(self._outbox.piece_bytes))
            self._say(cls, ((b"", opening),))
        pause_us = self._open_pause_us.get(cls, RECONCILE_AGAIN_US)
        self._open_at_us[cls] = now.mono_us + pause_us
        self._open_pause_us[cls] = min(2 * pause_us, ROOT_IDLE_MAX_US)

    def _say(self, cls: Class, stretches: tuple[tuple[bytes, tuple[Part, ...]], ...]) -> None:
        """Queue RANGE frames."""
        ranges = self._outbox.ranges
        before_bytes = ranges.bytes
        for low, parts in stretches:
            self._outbox.answer(tuple(pack(cls, low, parts, self._outbox.piece_bytes)))
        self._patience.said(cls, ranges.bytes - before_bytes)

    def _tell(self, cls: Class, found: tuple[tuple[bytes, bytes], ...]) -> None:
        """Queue what the peer lacks."""
        for short, id_ in found:
            self._learn(short, id_)
            if id_ not in self._unwanted:
                self._outbox.put(id_, cls)

    def _snapshot(self, cls: Class, shelf: Shelf, now: Now) -> Snapshot:
        """Return a snapshot that is fresh, or at least not a second old if the set is large."""
        version = shelf.holdings.version(cls)
        known = self._snapshots.get(cls)
        if known is not None:
            snapshot, built_version, built_us = known
            young = now.mono_us - built_us < SNAPSHOT_SPACING_US
            if built_version == version or (young and len(snapshot) > SNAPSHOT_SMALL):
                return snapshot
        snapshot = shelf.holdings.snapshot(cls, self._salt)
        self._snapshots[cls] = (snapshot, version, now.mono_us)
        return snapshot

    def _want_listed(
        self, heard: Range, listed: tuple[tuple[int, bytes], ...], shelf: Shelf
    ) -> None:
        """Ask for what a RANGE has listed and is not known, by its places there."""
        bits = bytearray()
        for place, short in sorted(listed):
            if self._is_news(short, shelf):
                self._learn(short, None)
                bits += bytes(place // 8 + 1 - len(bits))
                bits[place // 8] |= 0x80 >> place % 8
        if bits:
            self._outbox.say(WantListed(heard.cls, heard.low, bytes(bits)))

    def _want_offered(self, offer: IHave, shelf: Shelf) -> None:
        wanted = [short for short in offer.short_ids if self._is_news(short, shelf)]
        step = (self._outbox.piece_bytes - _WANT_HEAD_BYTES) // SHORT_ID_BYTES
        for start in range(0, len(wanted), step):
            self._outbox.say(Want(offer.cls, tuple(wanted[start : start + step])))

    def _is_news(self, short: bytes, shelf: Shelf) -> bool:
        id_ = self._shorts.get(short)
        return (id_ is None or id_ not in shelf.holdings) and short not in self._declined

    def _learn(self, short: bytes, id_: bytes | None) -> None:
        if id_ is not None or short not in self._shorts:
            _remember(self._shorts, short, id_, SHORT_IDS_PER_LINK)


_Remembered = TypeVar("_Remembered", None, bytes | None)


def _is_set(bits: bytes, place: int) -> bool:
    return place // 8 < len(bits) and bool(bits[place // 8] & 0x80 >> place % 8)


def _remember(
    memory: OrderedDict[bytes, _Remembered], key: bytes, value: _Remembered, most: int
) -> None:
    """Keep the newest `most` entries."""
    memory[key] = value
    if len(memory) > most:
        memory.popitem(last=False)
