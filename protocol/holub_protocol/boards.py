"""When a desk's key that lives on this node signs its next board."""

from collections import deque

from holub_crypto.trust import Reach
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
from holub_protocol.kinds.board import BoardBody
from holub_protocol.message import Now
from holub_protocol.truth import Truth

BOARD_LIFETIME_S = 86_400
"""A board outlives the promise it makes: what it told last stays known when power fails."""

_SECOND_US = 1_000_000


class BoardKeeper:
    """One desk key's boards: at once on a change of its authority's view, else every 5 minutes."""

    def __init__(self, key: bytes, authority: int, area: int, hourly: int = BOARDS_HOURLY) -> None:
        """`area` is the region that the header names: one that the key's grant covers; `hourly`
        is how many messages an hour it may sign, of which changes use up at most half."""
        self.key, self.authority, self.area = key, authority, area
        self.due_us = 0
        self._last: BoardBody | None = None
        self._last_s: int | None = None
        self._hourly = hourly
        self._signed_s: deque[int] = deque()  # those of the last hour, some 440 at most

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
        body = compose_board(truth, self.authority, self.key, areas, reach=reach)
        changed = self._last is None or not same_view(body, self._last)
        due_s = self._due_s(changed, second)
        if due_s > second:
            self.due_us = due_s * _SECOND_US
            return None
        self._last, self._last_s = body, second
        self._signed_s.append(second)
        self.due_us = (second + BOARD_EVERY_S) * _SECOND_US
        return body

    def postpone(self, now: Now) -> None:
        """The board could not be signed: try again when the next would be due."""
        self.due_us = now.mono_us + BOARD_EVERY_S * _SECOND_US

    def _due_s(self, changed: bool, second: int) -> int:
        while self._signed_s and self._signed_s[0] <= second - HOUR_S:
            self._signed_s.popleft()
        signed = len(self._signed_s)
        return board_due_s(self._last_s, changed, second, signed=signed, hourly=self._hourly)
