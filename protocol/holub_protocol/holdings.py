"""What is held and what has been seen: columns in memory, bodies elsewhere.

A message is *seen* once its signature and grant were verified and it was taken in; it stays
seen until it expires, held or not, so that nothing can be replayed into a node that has put it
aside. The set that links reconcile is smaller: held (or evicted, until there is room again, or
delivered to its addressee), and with more than a minute to live.
"""

import heapq
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from holub_crypto.charter import Charter
from holub_protocol.idtable import SALT_BYTES, IdTable
from holub_protocol.kinds import KINDS, Class
from holub_protocol.limits import RECONCILE_SLACK_S
from holub_protocol.message import Now
from holub_protocol.order import sort_key
from holub_protocol.points import HOUR_S, Points
from holub_protocol.reconcile import Snapshot
from holub_protocol.reconciled import ReconciledSet
from holub_protocol.storage import ROW_BYTES, Row, State
from holub_protocol.weights import Speaker, Weights, source_number

CHARTER = 0
"""Stands in for a kind where the item is a charter, which is no message."""

_CHARTER_EXPIRES_S = 2**32 - 1
_NO_SIGNER = bytes(32)
_CLASSES = tuple(Class)
_STATES = tuple(State)
_SECOND_US = 1_000_000
_NEVER_S = 2**40
_LISTED = (State.HELD, State.EVICTED, State.RECEIPTED)
_SECOND_MAX = 2**32 - 1
_GROWTH = 1024


class _Wheel:
    """Slots by the second at which something is due, each second once in a heap."""

    def __init__(self) -> None:
        self._due: dict[int, array[int]] = {}
        self._seconds: list[int] = []

    def add(self, second: int, slot: int) -> None:
        bucket = self._due.get(second)
        if bucket is None:
            self._due[second] = array("I", (slot,))
            heapq.heappush(self._seconds, second)
        else:
            bucket.append(slot)

    def pop(self, until_s: int) -> Iterator[tuple[int, int]]:
        while self._seconds and self._seconds[0] <= until_s:
            second = heapq.heappop(self._seconds)
            for slot in self._due.pop(second):
                yield second, slot

    def next(self) -> int:
        """Return the first second at which anything is due, `_NEVER_S` if nothing is."""
        return self._seconds[0] if self._seconds else _NEVER_S


@dataclass(frozen=True, slots=True)
class HoldingStats:
    """Counts for operators: messages and bytes held by class, ids remembered."""

    held: tuple[tuple[Class, int, int], ...]
    seen: int


class Held(NamedTuple):
    """What decides whether a held message goes: whose it is, when it ends, in steady seconds."""

    id: bytes
    source: int
    deadline_s: int
    size_bytes: int


class Said(NamedTuple):
    """A held alert, and when its key said it: (created_s, k)."""

    id: bytes
    point: tuple[int, int]


class Holdings:
    """The index of one node. Deadlines are kept in its own steady seconds, so that a wall clock
    that jumps later neither deletes nor revives anything."""

    def __init__(self, quota_bytes: int, salt: bytes = bytes(SALT_BYTES)) -> None:
        """Hold up to `quota_bytes`: bodies, and 256 for every row, held or seen. `salt` is 8
        secret bytes that place ids in memory."""
        self.quota_bytes = quota_bytes
        self.used_bytes = 0
        self._ids = IdTable(salt)
        self._signers: list[bytes] = []
        self._signer_numbers: dict[bytes, int] = {}
        self._live: dict[tuple[int, str], int] = {}
        self._points = Points()
        self._columns()
        self._deadlines = _Wheel()
        self._leaving = _Wheel()
        self._sets = [ReconciledSet() for _ in _CLASSES]
        self._held = dict.fromkeys(Class, 0)
        self._held_bytes = dict.fromkeys(Class, 0)
        self._aside: dict[State, dict[bytes, None]] = {
            state: {} for state in State if state is not State.HELD
        }
        self._withheld: dict[bytes, None] = {}
        self.weights = Weights()
        self._payload_bytes: dict[bytes, int] = {}
        self._topics: dict[int, int] = {}

    def _columns(self) -> None:
        self._kind = array("B")
        self._cls = array("B")
        self._state = array("B")
        self._listed = array("B")
        self._k = array("H")
        self._size = array("H")
        self._signer = array("I")
        self._authority = array("H")
        self._created = array("I")
        self._expires = array("q")
        self._area = array("I")
        self._age = array("I")
        self._received = array("q")
        self._since = array("I")
        self._deadline = array("I")
        self._topic = array("Q")

    def __contains__(self, id_: bytes) -> bool:
        """Whether the id has been seen."""
        return self._ids.find(id_) >= 0

    def __len__(self) -> int:
        """How many ids are remembered."""
        return len(self._ids)

    def add(self, row: Row, now: Now) -> None:
        """Remember a message that was taken in, or loaded from the store at start."""
        slot = self._ids.add(row.id)
        while slot >= len(self._kind):
            self._grow()
        self._kind[slot], self._cls[slot], self._state[slot] = row.kind, row.cls, row.state
        self._k[slot], self._size[slot] = row.k, row.size_bytes
        self._signer[slot], self._authority[slot] = self._number(row.signer), row.authority
        self._created[slot], self._expires[slot] = row.created_s, row.expires_s
        self._area[slot], self._age[slot] = row.area, min(row.age_s, _SECOND_MAX)
        self._received[slot] = row.received_s
        # A steady clock that did not go on since counts from here: an age is at least what it says.
        self._since[slot] = min(row.steady_s, now.mono_us // _SECOND_US)
        age_s = self._age[slot] + now.mono_us // _SECOND_US - self._since[slot]
        self._deadline[slot] = deadline = _deadline_s(row, now, age_s)
        self._listed[slot] = 0
        self._deadlines.add(deadline, slot)
        self._count_live(slot, 1)
        self.used_bytes += ROW_BYTES
        self._charge_row(slot, 1)
        self._note_topic(slot, row.topic)
        if row.state is State.HELD:
            self._count_held(slot, 1)
        else:
            self._aside[row.state][row.id] = None
        if row.state in _LISTED:
            self._list(slot, now)

    def _grow(self) -> None:
        """Make room for more rows, a thousand at a time."""
        for column in (
            self._kind, self._cls, self._state, self._listed, self._k, self._size, self._signer,
            self._authority, self._created, self._expires, self._area, self._age,
            self._received, self._since, self._deadline, self._topic,
        ):  # fmt: skip
            column.frombytes(bytes(column.itemsize * _GROWTH))

    def _number(self, signer: bytes) -> int:
        number = self._signer_numbers.get(signer)
        if number is None:
            number = self._signer_numbers[signer] = len(self._signers)
            self._signers.append(signer)
        return number

    def _count_held(self, slot: int, step: int) -> None:
        if step < 0:
            self.charge(self._ids.id_at(slot), 0)
        cls, size = _CLASSES[self._cls[slot]], self._size[slot]
        self._held[cls] += step
        self._held_bytes[cls] += step * (size + ROW_BYTES)
        self.used_bytes += step * size
        self._charge(slot, step * (size + (ROW_BYTES if cls <= Class.GRANT else 0)))

    def _charge(self, slot: int, count: int) -> None:
        """Count bytes for who speaks in a message."""
        self.weights.charge(self._cls[slot], self._authority[slot], self._signer[slot], count)

    def _charge_row(self, slot: int, step: int) -> None:
        """Count a row for as long as it is remembered; those of trust, grants and alerts only
        with their bodies, as the rows of old boards are forgotten whenever room is needed."""
        if self._cls[slot] > Class.GRANT:
            self._charge(slot, step * ROW_BYTES)

    def charge(self, id_: bytes, payload_bytes: int) -> None:
        """Count a payload beside the body of its manifest, until this goes; 0 ends it."""
        count = payload_bytes - self._payload_bytes.pop(id_, 0)
        if payload_bytes:
            self._payload_bytes[id_] = payload_bytes
        if count:
            slot = self._slot(id_)
            self._held_bytes[_CLASSES[self._cls[slot]]] += count
            self.used_bytes += count
            self._charge(slot, count)

    def _note_topic(self, slot: int, topic: int) -> None:
        """Remember the newest of each topic; 0 is none."""
        self._topic[slot] = topic
        newest = self._topics.get(topic)
        if topic and (newest is None or self._point(slot) > self._point(newest)):
            self._topics[topic] = slot

    def _point(self, slot: int) -> tuple[int, int]:
        return self._created[slot], self._k[slot]

    def _count_live(self, slot: int, step: int) -> None:
        kind = KINDS.get(self._kind[slot])
        if kind is not None:
            key = (self._signer[slot], kind.group)
            note = self._points.use if step > 0 else self._points.free
            note(*key, self._created[slot] // HOUR_S, self._k[slot])
            count = self._live.get(key, 0) + step
            if count:
                self._live[key] = count
            else:
                self._live.pop(key, None)

    def _list(self, slot: int, now: Now) -> None:
        """Put an id into the reconciled set, if it has long enough to live."""
        leaves = self._deadline[slot] - RECONCILE_SLACK_S
        id_ = self._ids.id_at(slot)
        if id_ in self._withheld:
            return
        if leaves > now.mono_us // _SECOND_US and not self._listed[slot]:
            self._listed[slot] = 1
            self._sets[self._cls[slot]].add(self._created[slot], id_)
            self._leaving.add(leaves, slot)

    def _unlist(self, slot: int) -> None:
        if self._listed[slot]:
            self._listed[slot] = 0
            id_ = self._ids.id_at(slot)
            self._sets[self._cls[slot]].remove(self._created[slot], id_)

    def withhold(self, ids: Iterable[bytes], now: Now) -> None:
        """Replace the ids that are held and not offered to peers: what does not stand any more."""
        before, self._withheld = self._withheld, dict.fromkeys(ids)
        for id_ in self._withheld:
            if (slot := self._ids.find(id_)) >= 0:
                self._unlist(slot)
        for id_ in before:
            slot = self._ids.find(id_)
            if slot >= 0 and self._state[slot] in _LISTED:
                self._list(slot, now)

    def _slot(self, id_: bytes) -> int:
        slot = self._ids.find(id_)
        if slot < 0:
            raise KeyError(id_.hex())
        return slot

    def set_state(self, id_: bytes, state: State) -> None:
        """Put a held message aside: its body goes, the id stays seen."""
        slot = self._slot(id_)
        before = State(self._state[slot])
        if before is State.HELD:
            self._count_held(slot, -1)
        else:
            self._aside[before].pop(id_, None)
        self._state[slot] = state
        self._aside[state][id_] = None
        if state not in _LISTED:
            self._unlist(slot)

    def remove(self, id_: bytes) -> None:
        """Forget a message altogether: it may be taken in again."""
        slot = self._slot(id_)
        state = State(self._state[slot])
        if state is State.HELD:
            self._count_held(slot, -1)
        else:
            self._aside[state].pop(id_, None)
        self._unlist(slot)
        self._count_live(slot, -1)
        self.used_bytes -= ROW_BYTES
        self._charge_row(slot, -1)
        if self._topics.get(self._topic[slot]) == slot:
            del self._topics[self._topic[slot]]
        self._ids.remove(id_)

    def state(self, id_: bytes) -> State | None:
        """Return what became of an id, None if it was never seen."""
        slot = self._ids.find(id_)
        return None if slot < 0 else _STATES[self._state[slot]]

    def row(self, id_: bytes) -> Row:
        """Return all that is remembered of a seen id."""
        slot = self._slot(id_)
        return Row(
            id=id_,
            kind=self._kind[slot],
            cls=self._cls[slot],
            signer=self._signers[self._signer[slot]],
            authority=self._authority[slot],
            created_s=self._created[slot],
            k=self._k[slot],
            expires_s=self._expires[slot],
            area=self._area[slot],
            size_bytes=self._size[slot],
            state=State(self._state[slot]),
            age_s=self._age[slot],
            received_s=self._received[slot],
            steady_s=self._since[slot],
            topic=self._topic[slot],
        )

    def age_s(self, id_: bytes, now: Now) -> int:
        """Return how old a message is at least: its age on arrival and its time here."""
        slot = self._slot(id_)
        here_s = now.mono_us // _SECOND_US - self._since[slot]
        return min(2**32 - 1, self._age[slot] + max(0, here_s))

    def lower_age(self, id_: bytes, age_s: int, now: Now) -> None:
        """Learn from another copy that a message is younger than was thought."""
        slot = self._slot(id_)
        here_s = now.mono_us // _SECOND_US - self._since[slot]
        self._age[slot] = min(self._age[slot], max(0, age_s - here_s))
        if not now.reliable:
            self._reckon(slot, self.row(id_), now)

    def cls(self, id_: bytes) -> Class:
        """Return the class of a seen id."""
        return _CLASSES[self._cls[self._slot(id_)]]

    def created_s(self, id_: bytes) -> int:
        """Return when a seen message was made, by its signer's clock."""
        return self._created[self._slot(id_)]

    def point(self, id_: bytes) -> tuple[int, int]:
        """Return a seen message's place in the order of its signer's group: (created_s, k)."""
        return self._point(self._slot(id_))

    def voice(self, id_: bytes) -> tuple[int, int]:
        """Return who speaks in a seen message: numbers of its source, an authority or an
        ingress relay, and of its signer."""
        slot = self._slot(id_)
        return source_number(self._authority[slot], self._signer[slot]), self._signer[slot]

    def kind(self, id_: bytes) -> int:
        """Return the number of a seen message's kind."""
        return self._kind[self._slot(id_)]

    def signer(self, id_: bytes) -> bytes:
        """Return the key that signed a seen message."""
        return self._signers[self._signer[self._slot(id_)]]

    def deadline_s(self, id_: bytes) -> int:
        """Return the steady second at which a seen message's time is over."""
        return self._deadline[self._slot(id_)]

    def freed_bytes(self, id_: bytes) -> int:
        """Return what evicting a message frees: its body, and the payload that it announces."""
        return self.size_bytes(id_) + self._payload_bytes.get(id_, 0)

    def size_bytes(self, id_: bytes) -> int:
        """Return the size of a seen message."""
        return self._size[self._slot(id_)]

    def live(self, signer: bytes, group: str) -> int:
        """Return how many messages of a signer's group are remembered."""
        number = self._signer_numbers.get(signer)
        return 0 if number is None else self._live.get((number, group), 0)

    def is_used(self, signer: bytes, group: str, hour: int, k: int) -> bool:
        """Whether a message of a signer's group with this k in this hour is remembered."""
        number = self._signer_numbers.get(signer)
        return number is not None and self._points.is_used(number, group, hour, k)

    def twin(self, signer: bytes, group: str, created_s: int, k: int) -> bytes | None:
        """Return a seen message of a signer's group with this k in this hour, None if there is
        none; where there is one, finding it looks through the whole index."""
        number, hour = self._signer_numbers.get(signer), created_s // HOUR_S
        if not self.is_used(signer, group, hour, k):
            return None
        for slot in self._ids.slots():
            if (self._signer[slot], self._k[slot]) == (number, k):
                kind = KINDS.get(self._kind[slot])
                if kind and kind.group == group and self._created[slot] // HOUR_S == hour:
                    return self._ids.id_at(slot)
        return None

    def root(self, cls: Class, salt: bytes) -> tuple[int, bytes]:
        """Return (count, fingerprint) of the reconciled set of a class."""
        root = self._sets[cls].root
        return root.count, root.fingerprint(salt)

    def count(self, cls: Class) -> int:
        """Return how many ids the reconciled set of a class has."""
        return self._sets[cls].root.count

    def version(self, cls: Class) -> int:
        """Return a number that changes whenever the reconciled set of a class does."""
        return self._sets[cls].version

    def snapshot(self, cls: Class, salt: bytes) -> Snapshot:
        """Return the reconciled set of a class as it stands."""
        return self._sets[cls].snapshot(salt, lambda: self._keys(cls))

    def _keys(self, cls: Class) -> Iterator[bytes]:
        created, listed, classes = self._created, self._listed, self._cls
        for slot in self._ids.slots():
            if listed[slot] and classes[slot] == cls:
                yield sort_key(created[slot], self._ids.id_at(slot))

    def held_ids(self, cls: Class) -> Iterator[bytes]:
        """Yield the ids held of a class, in no promised order."""
        for slot in self._ids.slots():
            if self._cls[slot] == cls and self._state[slot] == State.HELD:
                yield self._ids.id_at(slot)

    def held_bytes(self, cls: Class) -> int:
        """Return the bytes that a class takes, rows included."""
        return self._held_bytes[cls]

    def advance(self, now: Now) -> tuple[bytes, ...]:
        """Take ids near their end out of the set; return those whose time is over."""
        second = now.mono_us // _SECOND_US
        for at, slot in self._leaving.pop(second):
            if self._listed[slot] and self._deadline[slot] - RECONCILE_SLACK_S == at:
                self._unlist(slot)
        due: dict[bytes, None] = {}
        for at, slot in self._deadlines.pop(second):
            if self._ids.is_taken(slot) and self._deadline[slot] == at:
                due[self._ids.id_at(slot)] = None
        return tuple(due)

    def next_due_us(self) -> int | None:
        """Return when `advance` next has something to do."""
        second = min(self._leaving.next(), self._deadlines.next())
        return second * _SECOND_US if second < _NEVER_S else None

    def rebase(self, now: Now) -> None:
        """Reckon every deadline anew: the wall clock has become reliable, or has ceased to be."""
        for slot in self._ids.slots():
            id_ = self._ids.id_at(slot)
            row = self.row(id_)
            self._reckon(slot, row, now)
            if row.state in _LISTED:
                self._unlist(slot)
                self._list(slot, now)

    def _reckon(self, slot: int, row: Row, now: Now) -> None:
        """Set a message's deadline anew by its age as it is known now."""
        self._deadline[slot] = deadline = _deadline_s(row, now, self.age_s(row.id, now))
        self._deadlines.add(deadline, slot)

    def aside(self, state: State) -> Iterable[bytes]:
        """Return the ids that are only remembered, in the order in which they were put aside."""
        return self._aside[state]

    def held(self, cls: Class) -> Iterator[Held]:
        """Yield what is held of a class, in no promised order."""
        for slot in self._ids.slots():
            if self._cls[slot] == cls and self._state[slot] == State.HELD:
                source = source_number(self._authority[slot], self._signer[slot])
                id_ = self._ids.id_at(slot)
                yield Held(id_, source, self._deadline[slot], self.freed_bytes(id_))

    def source_of(self, authority: int, signer: bytes) -> int:
        """Return the number of the source that speaks by a key for an authority (0: for none)."""
        return source_number(authority, self._number(signer))

    def speaker(self, authority: int, signer: bytes) -> Speaker:
        """Return who says alerts by a key for an authority."""
        return Speaker(authority, self._number(signer))

    def alerts_of(self, speaker: Speaker) -> Iterator[Said]:
        """Yield the alerts and boards held of one key for an authority, in no promised order."""
        for slot in self._ids.slots():
            if self._signer[slot] != speaker.signer or self._authority[slot] != speaker.authority:
                continue
            if self._cls[slot] == Class.ALERT and self._state[slot] == State.HELD:
                yield Said(self._ids.id_at(slot), self._point(slot))

    def trust_bytes(self, cls: Class, signer: bytes) -> int:
        """Return the room that a key's messages of class TRUST or GRANT take, rows included."""
        return self.weights.of_trust(cls, self._number(signer))

    def source_bytes(self, source: int) -> int:
        """Return the room that a source takes below alerts and grants, rows included."""
        return self.weights.of_source(source)

    def signer_bytes(self, signer: bytes) -> int:
        """Return the room that one key takes below alerts and grants, rows included."""
        return self.weights.of_source(source_number(0, self._number(signer)))

    def newest(self, topic: int) -> bytes | None:
        """Return the newest message seen on a topic, None if there is none."""
        slot = self._topics.get(topic)
        return None if slot is None else self._ids.id_at(slot)

    def current(self, id_: bytes) -> bytes:
        """Return what has replaced a message on its topic, the message itself if nothing has."""
        superseded = self.state(id_) is State.SUPERSEDED
        return (self.successor(id_) if superseded else None) or id_

    def successor(self, id_: bytes) -> bytes | None:
        """Return the message that has replaced a seen one on its topic, None if none has."""
        newest = self.newest(self._topic[self._slot(id_)])
        return None if newest == id_ else newest

    def find(self, start: bytes) -> bytes | None:
        """Return the seen id that begins with 16 bytes or more."""
        slot = self._ids.find(start)
        return None if slot < 0 else self._ids.id_at(slot)

    def readmit(self, need_bytes: int) -> tuple[bytes, ...]:
        """Return evicted ids to forget because there is room again: they will be asked anew."""
        room = self.quota_bytes - self.used_bytes - need_bytes
        chosen = []
        for id_ in self._aside[State.EVICTED]:
            room -= self.size_bytes(id_)
            if room < 0:
                break
            chosen.append(id_)
        return tuple(chosen)

    def stats(self) -> HoldingStats:
        """Return counts for operators."""
        return HoldingStats(
            tuple((cls, self._held[cls], self._held_bytes[cls]) for cls in Class), len(self)
        )


def _deadline_s(row: Row, now: Now, age_s: int) -> int:
    """Reckon by the wall clock where it can be relied on, by the age gathered where not."""
    if now.reliable:
        # A start from the future is shown at once, and so lives no longer than its lifetime.
        remaining_s = row.expires_s - max(now.wall_s, row.created_s)
    else:
        remaining_s = row.expires_s - row.created_s - age_s
    return min(_SECOND_MAX, max(0, now.mono_us // _SECOND_US + remaining_s))


def charter_row(raw: bytes, id_: bytes, charter: Charter, now: Now) -> Row:
    """Return the row of a version of the charter: of class TRUST, and it never expires."""
    return Row(
        id=id_,
        kind=CHARTER,
        cls=Class.TRUST,
        signer=_NO_SIGNER,
        authority=0,
        created_s=charter.created_s,
        k=charter.version,
        expires_s=_CHARTER_EXPIRES_S,
        area=0,
        size_bytes=len(raw),
        state=State.HELD,
        age_s=0,
        received_s=now.wall_s,
        steady_s=now.mono_us // _SECOND_US,
    )


def restoring_order(row: Row) -> tuple[int, int, int]:
    """Sort rows as they are to be restored: charters by version, since each needs the one
    before, then everything by its signer's time."""
    if row.kind == CHARTER:
        return 0, row.k, 0
    return 1, row.created_s, row.k
