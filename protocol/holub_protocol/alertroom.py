"""The alerts' half of the store: who gives way to whom when it is full.

The authority that takes most gives way to one that takes less, and within it the key that takes
most. Nobody gives way to a heavier one, nor to himself: a flood ends where it fills its share.
First goes what claims to be from the future, then what nobody would miss, then what still holds,
each time the oldest. A key's newest board stays, and so does what alone ends another's word, which
costs its key no more room than that word's. Of what goes a word in doubt stands on (remnants.py):
no place turns clear by it, and no alert is on again.

What was given up, or is from the future, is not taken in before there is room: else peers would
offer it for ever.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from holub_protocol.holdings import Holdings
from holub_protocol.limits import ALERT_ROOM_FREED_PARTS, ALERT_SHARE_PERCENT
from holub_protocol.message import Now
from holub_protocol.truth import Truth
from holub_protocol.weights import Speaker

_AT_LAST = 2
_Point = tuple[int, int]


class _Candidate(NamedTuple):
    """A message that may give way, in the order in which it goes: whether it is from no future,
    how dearly it would be missed, its point."""

    timely: bool
    missed: int
    point: _Point
    id: bytes


class AlertRoom:
    """Shares one node's room for alerts among authorities, and among the keys of each."""

    def __init__(self, holdings: Holdings, truth: Truth) -> None:
        """Share the half of what these hold; `truth` tells what nobody would miss."""
        self._holdings, self._truth = holdings, truth
        # What was given up of a key, up to this point, comes back only when there is room.
        self._floors: dict[Speaker, _Point] = {}

    def make(
        self,
        who: Speaker,
        point: _Point,
        need_bytes: int,
        give_up: Callable[[bytes], None],
        now: Now,
    ) -> bool:
        """Have what must go given up so that a message finds room; False if it finds none."""
        weights = self._holdings.weights
        room = self._holdings.quota_bytes * ALERT_SHARE_PERCENT // 100
        freed_bytes = room // ALERT_ROOM_FREED_PARTS
        over = weights.alerts_bytes + need_bytes - room
        if over <= -2 * freed_bytes:
            self._floors = {}
        early = point[0] > now.latest_s
        if (over > 0 or who in self._floors) and (early or point <= self._floors.get(who, (0, 0))):
            return False
        giver = self._giver(who, need_bytes) if over > 0 else None
        if giver is None:
            return over <= 0
        between = weights.of_alerts(giver) - weights.of_alerts(who)
        goal = weights.alerts_bytes - max(over, min(freed_bytes, between))
        for candidate in sorted(self._candidates(giver, now)):
            if weights.alerts_bytes <= goal:
                break
            # Asked again: of two messages that end one word either may go, but not both.
            if self._truth.last_to_go(candidate.id) is not None:
                give_up(candidate.id)
                gone = candidate.point if candidate.timely else (0, 0)
                self._floors[giver] = max(gone, self._floors.get(giver, (0, 0)))
        return weights.alerts_bytes + need_bytes <= room

    def _giver(self, who: Speaker, need_bytes: int) -> Speaker | None:
        """Tell which key gives way, None if none does."""
        weights = self._holdings.weights
        authority = weights.heaviest_authority()
        if weights.of_authority(authority) <= weights.of_authority(who.authority) + need_bytes:
            authority = who.authority
        giver = weights.heaviest_key(authority)
        if giver is None or authority != who.authority:
            return giver
        lighter = weights.of_alerts(who) + need_bytes < weights.of_alerts(giver)
        return giver if lighter else None

    def _candidates(self, giver: Speaker, now: Now) -> Iterator[_Candidate]:
        for said in self._holdings.alerts_of(giver):
            missed = self._truth.last_to_go(said.id)
            # What stays may be free to go once what it ends has gone.
            rank = missed if missed is not None else _AT_LAST
            yield _Candidate(said.point[0] <= now.latest_s, rank, said.point, said.id)
