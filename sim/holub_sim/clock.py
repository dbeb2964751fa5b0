"""What one node believes of time: a wall clock that is off and drifts, a steady one since boot."""

from dataclasses import dataclass

from holub_protocol.message import Now

_SECOND_US = 1_000_000
_PPM = 1_000_000


@dataclass(frozen=True, slots=True)
class Clock:
    """`start_s` is Unix time at the world's microsecond 0. The wall clock is off by `offset_us`
    then, and gains `drift_ppm` microseconds in a second; `reliable` is whether the machine has
    anything that vouches for it. The steady clock is exact: it only measures intervals."""

    start_s: int
    offset_us: int = 0
    drift_ppm: int = 0
    reliable: bool = True

    def now(self, t_us: int, booted_us: int) -> Now:
        """Return what the node is told at the world's microsecond `t_us`."""
        wall_us = t_us + self.offset_us + t_us * self.drift_ppm // _PPM
        return Now(t_us - booted_us, self.start_s + wall_us // _SECOND_US, self.reliable)
