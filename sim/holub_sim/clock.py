"""What one node believes of time: a wall clock that is off and drifts, a steady one since boot."""

from holub_protocol.message import Now

_SECOND_US = 1_000_000
_PPM = 1_000_000

WALL_MAX_S = 2**32 - 1
"""2106-02-07, as far as a clock of 32 bits counts."""


class Clock:
    """A machine's idea of time. The steady clock is exact: it only measures intervals."""

    def __init__(
        self, start_s: int, offset_us: int = 0, drift_ppm: int = 0, reliable: bool = True
    ) -> None:
        """`start_s` is Unix time at the world's microsecond 0. The wall clock is off by
        `offset_us` then, and gains `drift_ppm` microseconds in a second; where it is not
        `reliable` nothing vouches for it."""
        self.start_s, self.offset_us, self.drift_ppm = start_s, offset_us, drift_ppm
        self._doubts = 0 if reliable else 1
        self._told_us = self._told_boot_us = -1
        self._now = Now(0, start_s, reliable)

    @property
    def reliable(self) -> bool:
        """Whether anything vouches for the wall clock."""
        return not self._doubts

    def now(self, t_us: int, booted_us: int) -> Now:
        """Return what the node is told at the world's microsecond `t_us`."""
        # A node is told the time several times in one moment.
        if t_us != self._told_us or booted_us != self._told_boot_us:
            wall_us = t_us + self.offset_us + t_us * self.drift_ppm // _PPM
            wall_s = min(max(0, self.start_s + wall_us // _SECOND_US), WALL_MAX_S)
            self._told_us, self._told_boot_us = t_us, booted_us
            self._now = Now(t_us - booted_us, wall_s, self.reliable)
        return self._now

    def jump(self, by_us: int) -> None:
        """Set the wall clock on, or back where `by_us` is negative."""
        self.offset_us += by_us
        self._told_us = -1

    def doubt(self) -> None:
        """What vouches for the wall clock is gone, once more than before."""
        self._doubts += 1
        self._told_us = -1

    def vouch(self) -> None:
        """One doubt less; after the last the wall clock is reliable."""
        self._doubts -= 1
        self._told_us = -1
