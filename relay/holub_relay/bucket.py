"""A token bucket: so many a second, some more in a burst."""


class Bucket:
    """Allows `rate_per_s` on average and `burst` at once; the caller brings the time."""

    __slots__ = ("_burst", "_filled_s", "_level", "_rate_per_s")

    def __init__(self, rate_per_s: float, burst: float, now_s: float) -> None:
        """Begin full."""
        self._rate_per_s = rate_per_s
        self._burst = burst
        self._level = burst
        self._filled_s = now_s

    def take(self, now_s: float) -> bool:
        """Take one token if there is one."""
        if self.wait_s(now_s) > 0:
            return False
        self._level -= 1
        return True

    def wait_s(self, now_s: float) -> float:
        """Seconds until there is a token; 0 if there is one now."""
        grown = self._level + (now_s - self._filled_s) * self._rate_per_s
        self._level = min(self._burst, grown)
        self._filled_s = now_s
        if self._level >= 1 - 1e-6:  # a missing millionth is rounding
            return 0.0
        return (1 - self._level) / self._rate_per_s
