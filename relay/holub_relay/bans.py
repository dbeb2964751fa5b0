"""Keys that misbehaved stay away for a while, longer each time; a new link changes nothing.

It goes by the key that the handshake has proven, so nobody can have another one banned. A stranger
may come back with a new key: it shares STRANGER_LINKS places with all others that have no grant.
"""

from dataclasses import dataclass

from holub_relay.limits import BAN_MEMORY_S, BAN_S_MAX, BAN_S_MIN, BANS


@dataclass(frozen=True, slots=True)
class Ban:
    """Until when, in seconds of the steady clock, and how often by now."""

    until_s: float
    strikes: int


class Bans:
    """The keys that are kept away; the caller brings the time."""

    def __init__(self) -> None:
        """Start with none: a restart forgives, since bans are for junk and not for lies."""
        self._bans: dict[bytes, Ban] = {}  # the latest struck last

    def strike(self, key: bytes, now_s: float) -> float:
        """Ban a key; return for how many seconds: a minute, doubling up to an hour while the
        last time is less than six hours ago."""
        last = self._bans.pop(key, None)
        recent = last is not None and now_s < last.until_s + BAN_MEMORY_S
        strikes = last.strikes + 1 if last is not None and recent else 1
        ban_s = min(BAN_S_MAX, BAN_S_MIN * float(1 << min(strikes - 1, 10)))
        self._bans[key] = Ban(now_s + ban_s, strikes)
        if len(self._bans) > BANS:
            del self._bans[next(iter(self._bans))]
        return ban_s

    def banned(self, key: bytes, now_s: float) -> bool:
        """Tell whether a key is kept away now."""
        ban = self._bans.get(key)
        return ban is not None and now_s < ban.until_s

    def active(self, now_s: float) -> int:
        """Return how many keys are kept away now."""
        return sum(now_s < ban.until_s for ban in self._bans.values())
