"""The realm of a simulated city: charter, keys and grants, all drawn from the run's seed."""

from collections.abc import Sequence
from dataclasses import dataclass

from holub_crypto.charter import Authority, Charter
from holub_crypto.identity import Identity
from holub_crypto.trust import Grant, Role, Trust
from holub_protocol.areas import AreaTree
from holub_protocol.codec import encode
from holub_protocol.kinds import KINDS, Class, kind_named
from holub_protocol.kinds.grant import GrantBody
from holub_protocol.limits import LIFETIME_STEPS_S
from holub_sim.streams import Stream
from holub_sim.world import World

_SEED_BYTES = 32
_BEFORE_S = 3600
_GRANT_LIFETIME_S = LIFETIME_STEPS_S[-3]
DESK_KINDS = tuple(sorted(kind.number for kind in KINDS.values() if kind.signer is Role.AUTHORITY))
RELAY_KINDS = tuple(sorted(kind.number for kind in KINDS.values() if kind.signer is Role.RELAY))


@dataclass(frozen=True, slots=True)
class Office:
    """An authority of the charter: its name, and the areas it answers for (0: everywhere)."""

    name: str
    areas: tuple[int, ...]


class Realm:
    """One root, one registrar, and the authorities of `offices`, numbered from 1."""

    def __init__(self, world: World, areas: AreaTree, name: str, offices: Sequence[Office]) -> None:
        """Sign the charter, an hour before the world's start."""
        self.areas = areas
        self._world = world
        self._created_s = world.start_s - _BEFORE_S
        self._granted = 0
        root, self._registrar = self.identity("root"), self.identity("registrar")
        charter = Charter(
            name=name,
            version=1,
            created_s=self._created_s,
            previous=b"",
            threshold=1,
            roots=(root.public,),
            registrars=(self._registrar.public,),
            authorities=tuple(
                Authority(number, 0, office.name, office.name, office.areas, (0,))
                for number, office in enumerate(offices, 1)
            ),
            registry=areas.digest,
        )
        self._first = charter.sign((root,))
        self.id = charter.content_id(b"")

    def identity(self, name: str) -> Identity:
        """Return the key pair of that name in this run."""
        stream: Stream = self._world.stream(f"key/{name}")
        return Identity.from_seed(stream.bytes(_SEED_BYTES))

    def trust(self) -> Trust:
        """Return what a node knows that has only the charter."""
        return Trust(self._first, self.areas.covers)

    def grant_desk(self, subject: bytes, authority: int, areas: tuple[int, ...]) -> bytes:
        """Return a grant for a desk's key."""
        return self._grant(subject, authority, DESK_KINDS, areas)

    def grant_relay(self, subject: bytes) -> bytes:
        """Return a grant for a relay's own key."""
        return self._grant(subject, 0, RELAY_KINDS, (0,))

    def _grant(
        self, subject: bytes, authority: int, kinds: tuple[int, ...], areas: tuple[int, ...]
    ) -> bytes:
        # A registrar signs 200 an hour at most: of a large city, some in hours before.
        per_hour = kind_named("grant").hourly
        hours, k = divmod(self._granted, per_hour)
        self._granted += 1
        rate = max(KINDS[kind].hourly for kind in kinds)
        ends_s = self._created_s + _GRANT_LIFETIME_S
        grant = Grant(subject, authority, kinds, (0,), areas, Class.TRUST, rate, ends_s)
        return encode(
            self._registrar,
            self.id,
            kind_named("grant"),
            created_s=self._created_s - 3600 * hours,
            k=k,
            lifetime_s=_GRANT_LIFETIME_S,
            area=0,
            body=GrantBody(grant),
        )
