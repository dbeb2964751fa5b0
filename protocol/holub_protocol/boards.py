"""When a desk's key that lives on this node signs its next board."""

from collections import deque
from dataclasses import replace

from holub_crypto.identity import key_hint
from holub_crypto.trust import Reach
from holub_protocol.adopted import NOBODY, Points
from holub_protocol.areas import AreaTree
from holub_protocol.desk import (
    BOARD_EVERY_S,
    BOARDS_HOURLY,
    HOUR_S,
    board_due_s,
    compose_board,
    same_view,
)
from holub_protocol.facts import EVERYTHING
from holub_protocol.kinds.board import BoardBody, Gap
from holub_protocol.limits import FUTURE_SKEW_S
from holub_protocol.message import Now
from holub_protocol.truth import Truth

BOARD_LIFETIME_S = 86_400
"""A board outlives the promise it makes: what it told last stays known when power fails."""

GAPS_OWN = 4
"""Gaps that a desk tells of, one for each start of its machine: of more the oldest two are taken
for one, and what was said between them is then ended by name only."""

GAP_KEPT_S = 7 * 86_400
"""A gap is told of for a week: by then whoever sits at the desk has seen long ago that an alert
which they know to be on is not on their screen, and has said it again."""

_SECOND_US = 1_000_000


class BoardKeeper:
    """One desk key's boards: at once on a change of its authority's view, else every 5 minutes."""

    def __init__(
        self,
        key: bytes,
        authority: int,
        area: int,
        hourly: int = BOARDS_HOURLY,
        known: tuple[int, int] | None = None,
    ) -> None:
        """`area` is the region that the header names: one that the key's grant covers; `hourly`
        is how many messages an hour it may sign, of which changes use up at most half. `known` is
        the last point of the key that is known to this machine, which was started anew and may
        have lost what came after; None for a key that was made here just now."""
        self.key, self.authority, self.area = key, authority, area
        self.due_us = 0
        self.adopted: Points = NOBODY
        self._last: BoardBody | None = None
        self._last_s: int | None = None
        self._hourly = hourly
        self._signed_s: deque[int] = deque()  # those of the last hour, some 440 at most
        self._known = known
        self._gap: Gap | None = None

    def touch(self, now: Now) -> None:
        """Something may have changed: look again as soon as the spacing allows."""
        second = self._due_s(True, now.mono_us // _SECOND_US)
        self.due_us = min(self.due_us, second * _SECOND_US)

    def due(
        self, truth: Truth, areas: AreaTree, now: Now, reach: tuple[Reach, ...] = EVERYTHING
    ) -> BoardBody | None:
        """Return the board to sign now, None if none is due; it lists only what lies in the
        `reach` of the key's grants. Raises ValueError where what holds can't be told in one
        board."""
        if now.mono_us < self.due_us:
            return None
        second = now.mono_us // _SECOND_US
        body = self.compose(truth, areas, now, reach)
        changed = self._last is None or not same_view(body, self._last)
        due_s = self._due_s(changed, second)
        if due_s > second:
            self.due_us = due_s * _SECOND_US
            return None
        self._last, self._last_s = body, second
        self._signed_s.append(second)
        self.due_us = (second + BOARD_EVERY_S) * _SECOND_US
        return body

    def compose(
        self, truth: Truth, areas: AreaTree, now: Now, reach: tuple[Reach, ...] = EVERYTHING
    ) -> BoardBody:
        """Return the board as it would be signed now, whether or not one is due."""
        gaps = self._gaps(truth, now)
        return compose_board(
            truth, self.authority, self.key, areas, gaps=gaps, reach=reach, adopt=self.adopted
        )

    def _gaps(self, truth: Truth, now: Now) -> tuple[Gap, ...]:
        """What may be lost of what this key said: after what was still known when the machine
        started, and before any clock could have read what it reads at the first board since. With
        it those that the last board told of."""
        if self._known is not None:
            until_s = max(now.wall_s + FUTURE_SKEW_S, self._known[0] + 1)
            self._gap, self._known = Gap(b"", *self._known, until_s), None
        found = {self._gap} if self._gap is not None else set()
        own = key_hint(self.key)
        for board in truth.newest_boards(self.authority):
            if board.kid == own and isinstance(board.body, BoardBody):
                found.update(gap for gap in board.body.gaps if not gap.kid)
        gaps = sorted(gap for gap in found if gap.until_s > now.wall_s - GAP_KEPT_S)
        while len(gaps) > GAPS_OWN:
            first, second, *rest = gaps
            hull = replace(first, until_s=max(first.until_s, second.until_s))
            gaps = [hull, *rest]
        return tuple(gaps)

    def postpone(self, now: Now) -> None:
        """The board could not be signed: try again when the next would be due."""
        self.due_us = now.mono_us + BOARD_EVERY_S * _SECOND_US

    def _due_s(self, changed: bool, second: int) -> int:
        while self._signed_s and self._signed_s[0] <= second - HOUR_S:
            self._signed_s.popleft()
        signed = len(self._signed_s)
        return board_due_s(self._last_s, changed, second, signed=signed, hourly=self._hourly)
