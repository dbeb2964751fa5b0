"""This machine's time as the node is told it, and what vouches for it.

Small computers come back from a blackout in 1970, or in the hour of their last shutdown, and
nothing in them knows. So every start begins unreliable; the sources below make the clock
reliable, each only while the wall clock goes on as the steady clock does: a step ends whatever
was said of the time before it. Time is never taken from peers. The realm's signed times are
held against the clock, and only ever make it doubtful.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final, Literal

from holub_protocol.message import Now
from holub_relay.timesources import Outside

STEP_US: Final = 60_000_000
"""A wall clock that has moved this much against the steady one was set, by somebody or
something. Slewing moves both."""

AGREE_S: Final = 120
"""A clock agrees with a signed time this near to it: two honest clocks, each a minute off."""

AHEAD_S: Final = 400 * 86_400
"""A clock this far ahead of all that was ever signed is broken, and not a realm that was silent
for more than a year."""

Mode = Literal["auto", "host", "unknown"]
_SECOND_US: Final = 1_000_000


class Source(Enum):
    """What the clock is reliable by; NOTHING where it is not."""

    NOTHING = "nothing"
    NTP = "ntp"
    HOST = "host"
    OPERATOR = "operator"
    AUTHENTICATED = "authenticated"
    GNSS = "gnss"


class Doubt(Enum):
    """What speaks against the clock."""

    NONE = ""
    STEPPED = "stepped"
    BEHIND = "behind"
    AHEAD = "ahead"
    UNCONFIRMED = "unconfirmed"


@dataclass(frozen=True, slots=True)
class ClockState:
    """What is said of the clock: by which source it is reliable and since when (steady
    microseconds), or what speaks against it."""

    source: Source
    since_us: int
    doubt: Doubt

    @property
    def reliable(self) -> bool:
        """Whether anything vouches for the clock."""
        return self.source is not Source.NOTHING


class Clock:
    """The clocks of this machine. `look` judges anew; between two looks a step alone is enough
    to make the time unreliable at once."""

    def __init__(
        self,
        mode: Mode,
        *,
        life_us: int = 0,
        steady_us: Callable[[], int] | None = None,
        wall_us: Callable[[], int] | None = None,
    ) -> None:
        """`mode` is what the operator said: "host" vouches for this machine's own hardware clock
        at every start, "auto" for nothing, "unknown" for nothing and no time program is asked
        either. `life_us` is how long this node has run before, over all its starts."""
        self._mode = mode
        self._read_steady = steady_us or steady_clock_us
        self._read_wall = wall_us or _wall_clock_us
        self._base_us = life_us - self._read_steady()
        self._state = ClockState(Source.NOTHING, self._steady_us(), Doubt.NONE)
        self._vouched_us = self._offset_us()
        self._confirmed_us: int | None = None

    @property
    def state(self) -> ClockState:
        """What is said of the clock now."""
        if self._state.reliable and self._stepped(self._vouched_us):
            return ClockState(Source.NOTHING, self._steady_us(), Doubt.STEPPED)
        return self._state

    def now(self) -> Now:
        """Return the moment as the node is to know it."""
        reliable = self._state.reliable and not self._stepped(self._vouched_us)
        return Now(self._steady_us(), self._read_wall() // _SECOND_US, reliable)

    def confirm(self) -> None:
        """Take the operator's word, given now, that the clock is right; it holds until the next
        start or step."""
        self._confirmed_us = self._vouched_us = self._offset_us()
        self._set(Source.OPERATOR, Doubt.NONE)

    def look(self, found: Outside, signed_s: Sequence[int]) -> bool:
        """Judge anew, with what disciplines the clock and the newest signed times (each Unix
        seconds, its message's age added: a lower bound of now). Returns whether that changed
        anything."""
        before = self.state
        source, doubt = self._judge(found, signed_s)
        if source in (Source.GNSS, Source.AUTHENTICATED, Source.NTP):
            self._vouched_us = self._offset_us()
        self._set(source, doubt)
        return (before.source, before.doubt) != (source, doubt)

    def _judge(self, found: Outside, signed_s: Sequence[int]) -> tuple[Source, Doubt]:
        """The sources, the strongest first. Signed times never overrule a receiver, a signed
        server or the operator: a stolen key could then take the time from a whole city."""
        if self._mode != "unknown" and found in (Outside.GNSS, Outside.AUTHENTICATED):
            return Source(found.value), Doubt.NONE
        if self._confirmed_us is not None and not self._stepped(self._confirmed_us):
            return Source.OPERATOR, Doubt.NONE
        doubt = self._doubt(signed_s)
        if self._mode == "host" and doubt is Doubt.NONE and not self._stepped(self._vouched_us):
            return Source.HOST, Doubt.NONE
        if self._mode != "unknown" and found is Outside.NTP:
            return self._judge_ntp(doubt, signed_s)
        stepped = self._stepped(self._vouched_us) and doubt is Doubt.NONE
        return Source.NOTHING, Doubt.STEPPED if stepped else doubt

    def _judge_ntp(self, doubt: Doubt, signed_s: Sequence[int]) -> tuple[Source, Doubt]:
        """Plain NTP can be forged by whoever holds the network, but not together with a desk's
        signature: it counts once it has agreed with one, and while nothing contradicts it."""
        wall_s = self._read_wall() // _SECOND_US
        if any(abs(wall_s - second) <= AGREE_S for second in signed_s):
            return Source.NTP, Doubt.NONE
        agreed = self._state.source is Source.NTP and not self._stepped(self._vouched_us)
        if agreed and doubt is Doubt.NONE:
            return Source.NTP, Doubt.NONE
        return Source.NOTHING, doubt if doubt is not Doubt.NONE else Doubt.UNCONFIRMED

    def _doubt(self, signed_s: Sequence[int]) -> Doubt:
        wall_s, newest_s = self._read_wall() // _SECOND_US, max(signed_s, default=None)
        if newest_s is None:
            return Doubt.NONE
        if wall_s < newest_s - AGREE_S:
            return Doubt.BEHIND
        return Doubt.AHEAD if wall_s > newest_s + AHEAD_S else Doubt.NONE

    def _set(self, source: Source, doubt: Doubt) -> None:
        if (source, doubt) != (self._state.source, self._state.doubt):
            self._state = ClockState(source, self._steady_us(), doubt)

    def _stepped(self, offset_us: int) -> bool:
        return abs(self._offset_us() - offset_us) > STEP_US

    def _offset_us(self) -> int:
        return self._read_wall() - self._steady_us()

    def _steady_us(self) -> int:
        return self._base_us + self._read_steady()


def steady_clock_us() -> int:
    """Microseconds that rise steadily, also while the machine sleeps where it can tell."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1000
    return time.monotonic_ns() // 1000


def _wall_clock_us() -> int:
    return time.time_ns() // 1000
