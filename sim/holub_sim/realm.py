"""The realm of a simulated city: charter, keys and grants, all drawn from the run's seed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from holub_crypto.chains import Grant
from holub_crypto.charter import ANY_HAZARD, Authority
from holub_crypto.identity import Identity
from holub_crypto.trust import Role, Trust
from holub_protocol.areas import AreaTree
from holub_protocol.kinds import kind_named
from holub_protocol.limits import COUNTER_MAX, LIFETIME_STEPS_S
from holub_protocol.realm import (
    desk_grant,
    found,
    relay_grant,
    revocation,
    sign_grant,
    sign_revocation,
)
from holub_sim.streams import Stream
from holub_sim.world import World

_SEED_BYTES = 32
_BEFORE_S = 3600
_GRANT_LIFETIME_S = LIFETIME_STEPS_S[-3]


@dataclass(frozen=True, slots=True)
class Office:
    """An authority of the charter: its name, and the areas it answers for (0: everywhere)."""

    name: str
    areas: tuple[int, ...]


class Realm:
    """One root, one registrar, and the authorities of `offices`, numbered from 1. `enrolled` are
    the keys that were granted something, each with its role."""

    def __init__(self, world: World, areas: AreaTree, name: str, offices: Sequence[Office]) -> None:
        """Sign the charter, an hour before the world's start."""
        self.areas = areas
        self.enrolled: dict[bytes, Role] = {}
        self._world = world
        self._created_s = world.start_s - _BEFORE_S
        self._ends_s = self._created_s + _GRANT_LIFETIME_S
        self._granted = self._revoked = 0
        root, self._registrar = self.identity("root"), self.identity("registrar")
        authorities = tuple(
            Authority(number, 0, office.name, office.name, office.areas, (ANY_HAZARD,))
            for number, office in enumerate(offices, 1)
        )
        registrars = (self._registrar.public,)
        self._first = found(name, root, registrars, authorities, areas, self._created_s)
        self.id = self.trust().realm_id

    def identity(self, name: str) -> Identity:
        """Return the key pair of that name in this run."""
        stream: Stream = self._world.stream(f"key/{name}")
        return Identity.from_seed(stream.bytes(_SEED_BYTES))

    def trust(self) -> Trust:
        """Return what a node knows that has only the charter."""
        return Trust(self._first, self.areas.covers)

    def grant_desk(self, subject: bytes, authority: int, areas: tuple[int, ...]) -> bytes:
        """Return a grant for a desk's key."""
        self.enrolled[subject] = Role.AUTHORITY
        return self._signed(desk_grant(subject, authority, self._ends_s, areas=areas))

    def grant_relay(self, subject: bytes) -> bytes:
        """Return a grant for a relay's own key."""
        self.enrolled[subject] = Role.RELAY
        return self._signed(relay_grant(subject, self._ends_s))

    def revoke(self, key: bytes, since_s: int, keep: Iterable[bytes]) -> bytes:
        """Return the registrar's word, said now, that a key is lost: of what it signed only `keep`
        stays, and nothing from `since_s` on ended anything."""
        self._revoked += 1
        now_s = self._world.start_s + self._world.now_us // 1_000_000
        word = revocation(key, (since_s - 1, COUNTER_MAX), keep)
        return sign_revocation(self._registrar, self.id, word, created_s=now_s, k=self._revoked)

    def _signed(self, grant: Grant) -> bytes:
        # A registrar signs 200 an hour at most: of a large city, some in hours before.
        hours, k = divmod(self._granted, kind_named("grant").hourly)
        self._granted += 1
        created_s = self._created_s - 3600 * hours
        return sign_grant(self._registrar, self.id, grant, created_s=created_s, k=k)
