"""Signing here: a key, the order of its messages, and what it may not do by mistake.

An author goes on from what it has signed itself, and from what it hears under its own key: its
store may have been lost, or restored from a backup. But whoever has stolen the key speaks under it
too, and must not silence it: what he dates ahead is passed over until its hour has come, and where
he has used up the hour's numbers the author takes one that is free.
"""

from collections.abc import Callable

from holub_crypto.identity import Identity
from holub_protocol.codec import encode
from holub_protocol.kinds import Body, Kind, Readers
from holub_protocol.limits import COUNTER_MAX, CREATED_MIN_S
from holub_protocol.message import Now
from holub_protocol.points import HOUR_S
from holub_protocol.storage import Counter

CLOCK_JUMP_MAX_S = 86_400
"""A clock that stands a day behind the last message signed is taken for broken."""

COARSE_S = 900
"""Sealed messages are dated to the quarter of an hour: a relay that keeps everything can't tell
by the second who stood at which box when."""


HOURS_HEARD = 64
"""Hours of which an author remembers the newest point heard: a thief who dates each alert into
another hour of the century costs 8 KiB."""


class PublishError(ValueError):
    """A message can't be signed or taken here; the text says why and what to do."""


def next_point(last: tuple[int, int] | None, wall_s: int) -> tuple[int, int]:
    """Return the (created_s, k) that follows `last` at Unix time `wall_s`. k is also how many
    of that hour's messages are signed already; the hour is a later one than the clock's where
    this has been set back."""
    if last is None:
        return wall_s, 0
    last_s, last_k = last
    created_s = max(wall_s, last_s)
    return created_s, last_k + 1 if created_s // HOUR_S == last_s // HOUR_S else 0


def joined(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    """Return the point after which nothing that led to either is used again: of one hour the
    highest k, though a message of an earlier second bears it (a key that was restored from a
    backup hears its own messages back in any order)."""
    if one[0] // HOUR_S != other[0] // HOUR_S:
        return max(one, other)
    return max(one[0], other[0]), max(one[1], other[1])


def hour_left_s(created_s: int, wall_s: int) -> int:
    """Return in how many seconds the hour of `created_s` is over, at Unix time `wall_s`."""
    return (created_s // HOUR_S + 1) * HOUR_S - wall_s


class Heard:
    """The points that messages under one key bear, whoever has signed them: of each hour the
    newest."""

    def __init__(self) -> None:
        """Nothing was heard yet."""
        self._hours: dict[int, tuple[int, int]] = {}

    def add(self, point: tuple[int, int]) -> None:
        """Note a point; beyond HOURS_HEARD the oldest hour goes, which own counters outlive."""
        hour = point[0] // HOUR_S
        self._hours[hour] = joined(self._hours.get(hour, point), point)
        if len(self._hours) > HOURS_HEARD:
            del self._hours[min(self._hours)]

    def last(self, now: Now) -> tuple[int, int] | None:
        """Return the last point that is not ahead of a clock that can be relied on; where its
        hour has come but not its second, only its k counts."""
        hours = [hour for hour in self._hours if hour <= now.latest_s // HOUR_S]
        if not hours:
            return None
        created_s, k = self._hours[max(hours)]
        return (created_s if created_s <= now.latest_s else now.wall_s), k


class Author:
    """A key that signs on this machine, and the highest (created, k) of each of its groups.

    The counters given must be all that the key ever used here: a key whose counters were lost
    has to hear its own messages back from peers before it signs again.
    """

    def __init__(self, identity: Identity, counters: tuple[Counter, ...]) -> None:
        """Go on from `counters`; those of other keys are left aside."""
        self.identity = identity
        self._last = {c.group: c.point for c in counters if c.signer == identity.public}
        self._before: dict[str, tuple[int, int]] = {}
        self._heard: dict[str, Heard] = {}

    def observe(self, group: str, point: tuple[int, int]) -> None:
        """Learn that a message under this key bears a point: never sign at or below it, unless
        it is dated ahead or is the last of its hour."""
        self._heard.setdefault(group, Heard()).add(point)

    def take_back(self, kind: Kind, counter: Counter) -> None:
        """Forget the last point of a kind's group, of a message that nobody was given: a message
        of 2106, refused here, must not keep the key from signing until then."""
        if self._last.get(kind.group) == counter.point:
            self._last.pop(kind.group)
            if (before := self._before.pop(kind.group, None)) is not None:
                self._last[kind.group] = before

    def sign(
        self,
        realm_id: bytes,
        kind: Kind,
        area: int,
        body: Body,
        *,
        lifetime_s: int,
        rate: int,
        now: Now,
        is_used: Callable[[str, int, int], bool] = lambda group, hour, k: False,
    ) -> tuple[bytes, Counter]:
        """Sign a message at the next point; `rate` caps k within the hour, and `is_used` tells of
        a group whether a message under this key with that k in that hour of Unix time is known.

        Returns the bytes and the counter to make durable before they leave. Raises
        PublishError, with the remedy, and ValueError where the kind's row is broken.
        """
        created_s, k = self._next(kind, rate, now, is_used)
        raw = encode(
            self.identity,
            realm_id,
            kind,
            created_s=created_s,
            k=k,
            lifetime_s=lifetime_s,
            area=area,
            body=body,
        )
        if kind.group in self._last:
            self._before[kind.group] = self._last[kind.group]
        self._last[kind.group] = (created_s, k)
        return raw, Counter(self.identity.public, kind.group, created_s, k)

    def _next(
        self, kind: Kind, rate: int, now: Now, is_used: Callable[[str, int, int], bool]
    ) -> tuple[int, int]:
        wall_s = now.wall_s
        if kind.readers is Readers.SEALED:
            wall_s -= wall_s % COARSE_S
        if wall_s < CREATED_MIN_S:
            raise PublishError(
                f"this machine's clock says {now.wall_s}, long before there was any message: set "
                "the clock, then try again"
            )
        own, heard = self._last.get(kind.group), self._heard.get(kind.group, Heard()).last(now)
        last = joined(own or heard, heard) if heard else own
        if last is None:
            return wall_s, 0
        last_s, _ = last
        if last_s - now.wall_s > CLOCK_JUMP_MAX_S:
            raise PublishError(
                f"this machine's clock says {now.wall_s}, over a day before this key's last "
                f"{kind.group} message ({last_s}): set the clock, then try again"
            )
        created_s, k = next_point(last, wall_s)
        most = min(kind.hourly, rate, COUNTER_MAX + 1)
        if k >= most and heard is not None:
            # Later than what was heard, so that any number is in order; its own still rise.
            after_s = own[0] if own and own[0] >= heard[0] else last_s + 1
            created_s = max(wall_s, after_s)
            hour = created_s // HOUR_S
            first = own[1] + 1 if own and own[0] // HOUR_S == hour else 0
            free = (n for n in range(first, most) if not is_used(kind.group, hour, n))
            k = next(free, most)
        if k >= most:
            raise PublishError(
                f"this key has signed its {most} {kind.group} messages of this hour; "
                f"the next can be signed in {hour_left_s(created_s, now.wall_s)} s"
            )
        return created_s, k
