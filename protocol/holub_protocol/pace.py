"""How much may be under way on one link, so that an alert never waits behind a full modem.

A modem or a satellite terminal queues 64 KB and more; whatever is in there an alert can't
overtake. So a sender watches how long its frames take to be consumed and keeps so little under
way that the queue holds about 50 ms of the link's own speed: half a frame on a LAN, two small
frames at 9.6 kbit/s. The idea is that of LEDBAT (RFC 6817), with the peer's CREDIT as its clock.
"""

from collections import deque

from holub_protocol.limits import (
    PACE_DELAY_US,
    PACE_FRAME_BYTES,
    PACE_GAP_US,
    PACE_START_BYTES,
    PACE_WINDOW_BYTES,
    SLOW_WINDOW_BYTES,
)

_SHRINK_MOST = 2


class Pace:
    """The sender's own window on one link, between two small frames and what the peer allows."""

    def __init__(self) -> None:
        """Start small and double with each round trip, until the link shows its speed.

        `round_trip_us` is how long the last frame took to be consumed and credited.
        """
        self.window_bytes = PACE_START_BYTES
        self.apart_us: int | None = None
        self._under_way: deque[tuple[int, int]] = deque()
        self.sent_bytes = self.consumed_bytes = 0
        self.round_trip_us: int | None = None
        self._least_us: int | None = None
        self._judged_from_bytes = 0

    @property
    def slow(self) -> bool:
        """Whether the link has not shown itself to be fast: its window has stayed small."""
        return self.window_bytes < SLOW_WINDOW_BYTES

    @property
    def in_flight_bytes(self) -> int:
        """What was sent and is not known to be consumed."""
        return self.sent_bytes - self.consumed_bytes

    def frame_bytes(self, agreed_bytes: int) -> int:
        """Return how large a frame may be: half of what may be under way, so that two fit."""
        return min(agreed_bytes, max(PACE_FRAME_BYTES, self.window_bytes // 2))

    def may_send(self, frame_bytes: int, peer_window_bytes: int, now_us: int) -> bool:
        """Tell whether a frame of this size may go now; one always may when nothing is under
        way, and on a slow link none in the same moment as another: `apart_us` says when then."""
        self.apart_us = None
        prompt = self.round_trip_us is not None and self.round_trip_us <= PACE_DELAY_US
        if self._under_way and not prompt and self.window_bytes <= 2 * PACE_START_BYTES:
            apart_us = self._under_way[-1][1] + PACE_GAP_US
            if now_us < apart_us:
                self.apart_us = apart_us
                return False
        window = min(self.window_bytes, peer_window_bytes)
        return self.in_flight_bytes == 0 or self.in_flight_bytes + frame_bytes <= window

    def sent(self, count: int, now_us: int) -> None:
        """Count what leaves now."""
        self.sent_bytes += count
        self._under_way.append((self.sent_bytes, now_us))

    def credited(self, count: int, now_us: int, peer_window_bytes: int) -> None:
        """Learn that the peer has consumed more, and judge by how long that took."""
        self.consumed_bytes = min(self.sent_bytes, self.consumed_bytes + count)
        sent_us: int | None = None
        while self._under_way and self._under_way[0][0] <= self.consumed_bytes:
            sent_us = self._under_way.popleft()[1]
        if sent_us is None:
            return
        delay_us = self.round_trip_us = max(1, now_us - sent_us)
        self._least_us = delay_us if self._least_us is None else min(self._least_us, delay_us)
        queued_us = delay_us - self._least_us
        if queued_us <= PACE_DELAY_US:
            grown = self.window_bytes + count
            self.window_bytes = min(grown, max(peer_window_bytes, PACE_WINDOW_BYTES))
        elif self.consumed_bytes >= self._judged_from_bytes:
            shrunk = self.window_bytes * PACE_DELAY_US // queued_us
            least = max(PACE_WINDOW_BYTES, self.window_bytes // _SHRINK_MOST)
            self.window_bytes = max(shrunk, least)
            # What is under way now still shows the old window: judge again after it.
            self._judged_from_bytes = self.sent_bytes
