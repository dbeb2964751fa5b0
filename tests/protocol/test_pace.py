"""A sender's own window: small behind a full modem, wide open on a LAN."""

from collections import deque

import pytest

from holub_protocol.limits import (
    PACE_FRAME_BYTES,
    PACE_GAP_US,
    PACE_START_BYTES,
    PACE_WINDOW_BYTES,
)
from holub_protocol.pace import Pace

PEER_WINDOW = 65_536


class Pipe:
    """A link of a given speed with an endless queue, and a peer that credits what it gets."""

    def __init__(self, bytes_per_s: float, trip_us: int) -> None:
        self.pace = Pace()
        self._rate, self._trip_us = bytes_per_s, trip_us
        self._free_us = 0.0
        self._credits: deque[tuple[float, int]] = deque()
        self.now_us = 0
        self.delivered = 0

    def send_all(self) -> None:
        """Send as much as the pace allows."""
        while self.pace.may_send(size := self.pace.frame_bytes(4096), PEER_WINDOW, self.now_us):
            self.pace.sent(size, self.now_us)
            self._free_us = max(self._free_us, self.now_us) + size / self._rate * 1e6
            self._credits.append((self._free_us + self._trip_us, size))

    def run(self, seconds: float) -> None:
        """Let the link work for a while with endless supply."""
        end_us = self.now_us + seconds * 1e6
        self.send_all()
        while self._credits and self._credits[0][0] <= end_us:
            if self.pace.apart_us is not None and self.pace.apart_us < self._credits[0][0]:
                self.now_us = self.pace.apart_us
            else:
                at_us, size = self._credits.popleft()
                self.now_us = int(at_us)
                self.pace.credited(size, self.now_us, PEER_WINDOW)
                self.delivered += size
            self.send_all()

    def wait_s(self) -> float:
        """Return how long an alert would wait behind what is under way."""
        return max(0.0, self._free_us - self.now_us) / 1e6


@pytest.mark.parametrize(
    ("bits_per_s", "trip_us", "wait_s"),
    [(9_600, 20_000, 0.66), (64_000, 20_000, 0.25), (1_000_000, 5_000, 0.15)],
)
def test_little_waits_on_a_slow_link_and_it_stays_busy(
    bits_per_s: int, trip_us: int, wait_s: float
) -> None:
    """Whatever the modem would queue, an alert waits behind little, and the link is not idle."""
    pipe = Pipe(bits_per_s / 8, trip_us)
    pipe.run(60)
    assert pipe.wait_s() <= wait_s
    assert pipe.delivered >= 0.9 * 60 * bits_per_s / 8


def test_a_fast_link_gets_the_whole_window() -> None:
    """On a LAN the window is soon all that the peer accepts, and frames are full size."""
    pipe = Pipe(12_500_000, 500)
    pipe.run(0.2)
    assert pipe.pace.window_bytes == PEER_WINDOW
    assert pipe.pace.frame_bytes(4096) == 4096


def test_a_long_way_is_not_taken_for_a_queue() -> None:
    """Over a satellite at 0.6 s and 1 Mbit/s the window grows to fill the way."""
    pipe = Pipe(125_000, 600_000)
    pipe.run(60)
    assert pipe.delivered > 0.5 * 60 * 125_000


def test_it_never_falls_below_two_small_frames() -> None:
    """However late credit comes, two frames that each hold a message are under way."""
    pace = Pace()
    assert pace.window_bytes == PACE_START_BYTES
    for number in range(50):
        pace.sent(384, number * 1000)
        pace.credited(384, number * 1000 + 10 + number * number * 100_000, PEER_WINDOW)
    assert pace.window_bytes == PACE_WINDOW_BYTES
    assert pace.frame_bytes(4096) == PACE_FRAME_BYTES
    assert pace.frame_bytes(256) == 256


def test_junk_credit_is_bounded_by_what_was_sent() -> None:
    """A peer that credits more than it got gains nothing."""
    pace = Pace()
    pace.sent(100, 0)
    pace.credited(1 << 40, 10, PEER_WINDOW)
    assert pace.in_flight_bytes == 0
    pace.credited(1 << 40, 20, PEER_WINDOW)
    assert pace.window_bytes <= PEER_WINDOW


def test_something_may_always_be_sent_when_nothing_is_under_way() -> None:
    """A window below the frame slows a link down, it never stops it."""
    pace = Pace()
    assert pace.may_send(4096, 512, 0)
    pace.sent(4096, 0)
    assert not pace.may_send(384, 512, 9_000)


def test_two_frames_on_a_slow_link_do_not_leave_together() -> None:
    """What leaves in one moment arrives, and is credited, as one: the second goes 2 ms later, and
    the pace says when; on a prompt link both go at once."""
    pace = Pace()
    pace.sent(384, 1_000)
    assert not pace.may_send(384, PEER_WINDOW, 1_000)
    assert pace.apart_us == 1_000 + PACE_GAP_US
    assert pace.may_send(384, PEER_WINDOW, 1_000 + PACE_GAP_US)
    assert pace.apart_us is None
    pace.credited(384, 3_000, PEER_WINDOW)
    pace.sent(384, 4_000)
    assert pace.may_send(384, PEER_WINDOW, 4_000)
