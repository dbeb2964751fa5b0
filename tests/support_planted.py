"""Bugs to plant: mistakes that people make in a node like this, each a small patch.

None of this is in the product: `planted` swaps a function of a node or its driver for a wrong
one while a test or a benchmark hunts for it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest

from holub_protocol import admit, desk
from holub_protocol.author import Author
from holub_protocol.batch import Batch
from holub_protocol.boards import BoardKeeper
from holub_protocol.eviction import Eviction
from holub_protocol.facts import NOTHING, Word
from holub_protocol.holdings import Holdings
from holub_protocol.kinds import Class
from holub_protocol.kinds.alert import AlertBody, Verb
from holub_protocol.kinds.board import Cover
from holub_protocol.limits import COUNTER_MAX
from holub_protocol.message import Message, Now
from holub_protocol.node import Node
from holub_protocol.outbox import Outbox
from holub_protocol.pace import Pace
from holub_protocol.reconcile import RootSum
from holub_protocol.refusal import Refusal
from holub_protocol.room import Room
from holub_protocol.session import Session
from holub_protocol.signers import Signers
from holub_protocol.storage import MemoryStore
from holub_protocol.truth import Truth
from holub_protocol.waiting import Parked

Patch = Callable[[pytest.MonkeyPatch], None]


@dataclass(frozen=True, slots=True)
class Bug:
    """A mistake: what it is called, what is wrong, the rules that show it, and the patch."""

    name: str
    text: str
    shown_by: tuple[str, ...]
    patch: Patch


@contextmanager
def planted(bug: Bug) -> Iterator[None]:
    """Have the bug for a while."""
    with pytest.MonkeyPatch.context() as patch:
        bug.patch(patch)
        yield


def _hasty(patch: pytest.MonkeyPatch) -> None:
    honest = Node.take

    def take(self: Node, now: Now) -> Batch:
        batch = honest(self, now)
        return replace(batch, urgent=batch.urgent + batch.sends, sends=())

    patch.setattr(Node, "take", take)


def _belief(patch: pytest.MonkeyPatch) -> None:
    link_up, put = Node.link_up, Outbox.put

    def remembering(self: Any, link: int, peer: bytes, now: Now) -> None:
        link_up(self, link, peer, now)
        beliefs = self.__dict__.setdefault("beliefs", {})
        self._sessions[link].outbox.beliefs = beliefs.setdefault(peer, {})

    def once(self: Any, id_: bytes, cls: Class) -> None:
        if id_ not in self.beliefs:
            self.beliefs[id_] = None
            put(self, id_, cls)

    patch.setattr(Node, "link_up", remembering)
    patch.setattr(Outbox, "put", once)


def _unsalted(patch: pytest.MonkeyPatch) -> None:
    honest = RootSum.fingerprint
    patch.setattr(RootSum, "fingerprint", lambda self, salt: honest(self, bytes(32)))


def _unsigned_end(patch: pytest.MonkeyPatch) -> None:
    honest = admit.admit

    def lenient(message: Message, **more: Any) -> Any:
        body = message.body
        if isinstance(body, AlertBody) and body.verb in (Verb.CLEAR, Verb.WITHDRAW):
            more["verify"] = lambda public, data, signature: True
        return honest(message, **more)

    patch.setattr("holub_protocol.node.admit", lenient)


def _expiry_clears(patch: pytest.MonkeyPatch) -> None:
    due, open_words = BoardKeeper.due, Truth.open_words

    def keep_time(self: BoardKeeper, truth: Any, areas: Any, now: Now, *more: Any) -> Any:
        truth.wall_s = now.wall_s
        return due(self, truth, areas, now, *more)

    def unexpired(self: Any, authority: int) -> tuple[Word, ...]:
        over = {
            held.word
            for held in self._words.standing()
            for fact in held.said_by
            if isinstance(fact.message.body, AlertBody) and fact.message.expires_s <= self.wall_s
        }
        return tuple(word for word in open_words(self, authority) if word not in over)

    patch.setattr(BoardKeeper, "due", keep_time)
    patch.setattr(Truth, "open_words", unexpired)
    patch.setattr(Truth, "wall_s", 0, raising=False)


def _covers_too_much(patch: pytest.MonkeyPatch) -> None:
    honest = desk._covers

    def generous(*args: Any) -> dict[bytes, Cover]:
        return {
            kid: Cover(kid, cover.created_s + 3600, COUNTER_MAX)
            for kid, cover in honest(*args).items()
        }

    patch.setattr(desk, "_covers", generous)


def _counter_again(patch: pytest.MonkeyPatch) -> None:
    honest = Author.__init__
    patch.setattr(Author, "__init__", lambda self, identity, counters: honest(self, identity, ()))
    patch.setattr(Signers, "observe", lambda self, key, group, point: None)


def _class_blind(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Outbox, "put", _as_bulk(Outbox.put))


def _as_bulk(put: Callable[[Outbox, bytes, Class], None]) -> Any:
    return lambda self, id_, cls: put(self, id_, Class.BULK)


def _window_blind(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Pace, "may_send", lambda self, *asked: True)


def _parked_for_good(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Parked, "take", lambda self, hints: ())


def _need_ignored(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Session, "_needed", lambda self, need, shelf: None)


def _evicts_alerts(patch: pytest.MonkeyPatch) -> None:
    honest = Eviction._victims

    def careless(self: Eviction, *asked: Any) -> tuple[bytes, ...]:
        alerts = tuple(held.id for held in self._holdings.held(Class.ALERT))
        return alerts[:1] or honest(self, *asked)

    patch.setattr(Eviction, "_victims", careless)


def _ageless(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Holdings, "age_s", lambda self, id_, now: self._age[self._slot(id_)])


def _forgetful(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(MemoryStore, "rows", lambda self: iter(()))


def _clock_believed(patch: pytest.MonkeyPatch) -> None:
    honest = Truth.status
    patch.setattr(
        Truth,
        "status",
        lambda self, area, now: honest(self, area, Now(now.mono_us, now.wall_s, True)),
    )


def _ends_forgotten(patch: pytest.MonkeyPatch) -> None:
    honest = Truth.add

    def add(self: Any, message: Message, *more: Any) -> Any:
        body, restoring = message.body, not self.__dict__.get("live")
        if restoring and isinstance(body, AlertBody) and body.verb in (Verb.CLEAR, Verb.WITHDRAW):
            return NOTHING
        return honest(self, message, *more)

    restore = Node.__init__

    def init(self: Any, **more: Any) -> None:
        restore(self, **more)
        self.truth.live = True

    patch.setattr(Truth, "add", add)
    patch.setattr(Node, "__init__", init)


def _boundless(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Room, "fits", lambda self, admitted, now: None)


def _late(patch: pytest.MonkeyPatch) -> None:
    honest = admit.timely

    def lenient(message: Message, age_s: int, now: Now) -> Refusal | None:
        refusal = honest(message, age_s, now)
        return None if refusal is Refusal.EXPIRED else refusal

    patch.setattr(admit, "timely", lenient)


def _hoards(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Room, "expire", lambda self, id_: None)


BUGS = (
    Bug(
        "hasty",
        "everything leaves before it is on disk, acknowledgements too",
        ("authentic",),
        _hasty,
    ),
    Bug(
        "belief",
        "a peer is believed to have what was sent to it on a link that broke",
        ("agreement", "answers"),
        _belief,
    ),
    Bug("unsalted", "fingerprints are the same on every link", ("salted",), _unsalted),
    Bug("unsigned-end", "the signature of a clear is not looked at", ("authentic",), _unsigned_end),
    Bug(
        "expiry-clears",
        "a desk's board leaves out what has outlived its message",
        ("no-false-clear", "agreement"),
        _expiry_clears,
    ),
    Bug(
        "covers-too-much",
        "a board answers for what its desk's siblings have said since",
        ("no-false-clear", "agreement"),
        _covers_too_much,
    ),
    Bug("counter-again", "the counter begins anew after a restart", ("in-order",), _counter_again),
    Bug("class-blind", "all classes wait in one queue", ("class-order", "answers"), _class_blind),
    Bug("window-blind", "the peer's window is not looked at", ("caps",), _window_blind),
    Bug(
        "parked-for-good",
        "what waits for a grant is not taken up when that comes",
        ("parked",),
        _parked_for_good,
    ),
    Bug("need-ignored", "nobody answers a NEED", ("answers",), _need_ignored),
    Bug("evicts-alerts", "a full store puts alerts aside first", ("evicted",), _evicts_alerts),
    Bug("ageless", "the time that a message lies at a relay is not counted", ("aged",), _ageless),
    Bug(
        "forgetful",
        "the seen-set is lost in a restart",
        ("again", "no-false-clear", "agreement"),
        _forgetful,
    ),
    Bug(
        "clock-believed",
        "places are shown as clear by a clock that nothing vouches for",
        ("no-false-clear",),
        _clock_believed,
    ),
    Bug(
        "ends-forgotten",
        "after a restart the ends of alerts are not learnt again",
        ("resurrected",),
        _ends_forgotten,
    ),
    Bug("boundless", "a full store takes in more", ("quota",), _boundless),
    Bug("late", "what is over by its own time is taken in", ("timely",), _late),
    Bug("hoards", "what is over is held on", ("timely",), _hoards),
)
