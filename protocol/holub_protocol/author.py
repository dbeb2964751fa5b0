"""Signing here: a key, the order of its messages, and what it may not do by mistake."""

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

    def observe(self, group: str, point: tuple[int, int]) -> None:
        """Learn that the key has used a point: never sign at or below it."""
        self._last[group] = joined(self._last.get(group, point), point)

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
    ) -> tuple[bytes, Counter]:
        """Sign a message at the next point; `rate` caps k within the hour.

        Returns the bytes and the counter to make durable before they leave. Raises
        PublishError, with the remedy, and ValueError where the kind's row is broken.
        """
        created_s, k = self._next(kind, rate, now)
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

    def _next(self, kind: Kind, rate: int, now: Now) -> tuple[int, int]:
        wall_s = now.wall_s
        if kind.readers is Readers.SEALED:
            wall_s -= wall_s % COARSE_S
        if wall_s < CREATED_MIN_S:
            raise PublishError(
                f"this machine's clock says {now.wall_s}, long before there was any message: set "
                "the clock, then try again"
            )
        last = self._last.get(kind.group)
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
        if k >= most:
            raise PublishError(
                f"this key has signed its {most} {kind.group} messages of this hour; "
                f"the next can be signed in {hour_left_s(created_s, now.wall_s)} s"
            )
        return created_s, k
