"""A small realm and nodes in it, for tests: deterministic keys, stores in memory, links by hand."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cache
from hashlib import blake2b
from typing import Any

from holub_crypto import charter
from holub_crypto.charter import Authority
from holub_crypto.identity import Identity, verify
from holub_crypto.sealing import BOX_OVERHEAD_BYTES
from holub_crypto.trust import Role, Trust
from holub_protocol.areas import AreaTree, ukraine
from holub_protocol.batch import Batch, Event
from holub_protocol.codec import encode
from holub_protocol.kinds import Body, Class, kind_named
from holub_protocol.kinds.alert import AlertBody, Verb
from holub_protocol.kinds.grant import GrantBody
from holub_protocol.kinds.sealed import SealedBody
from holub_protocol.message import Message, Now
from holub_protocol.node import Node
from holub_protocol.policy import Policy
from holub_protocol.realm import desk_grant, found, kinds_of, revocation, sign_revocation
from holub_protocol.storage import NODE_NOTES, MemoryStore

START_S = 1_661_300_000
KYIV = 93317
KYIV_OBLAST = 30281
AIR_RAID = 1
YEAR_S = 365 * 86400


@cache
def registry() -> AreaTree:
    """Return Ukraine's areas, read once for all tests."""
    return ukraine()


def key(name: str) -> Identity:
    """Return the identity that a name always has."""
    return Identity.from_seed(blake2b(name.encode(), digest_size=32).digest())


def now_at(seconds: float, reliable: bool = True) -> Now:
    """Return the moment `seconds` after the start, as a node with a true clock sees it."""
    return Now(int(seconds * 1_000_000), START_S + int(seconds), reliable)


def boxed(text: str, size: int = 0) -> SealedBody:
    """Return a sealed body that carries a text, and `size` bytes more."""
    return SealedBody(bytes(8), (text.encode() + bytes(size)).ljust(BOX_OVERHEAD_BYTES, b"-"))


class Entropy:
    """Bytes that look random and are the same in every run."""

    def __init__(self, seed: str) -> None:
        self._seed, self._count = seed.encode(), 0

    def __call__(self, size: int) -> bytes:
        """Return the next `size` bytes."""
        out = b""
        while len(out) < size:
            self._count += 1
            out += blake2b(self._seed + self._count.to_bytes(8, "big")).digest()
        return out[:size]


@dataclass
class Realm:
    """A realm of one root, one registrar or two, and authorities 1 (everywhere) and 2 (Kyiv)."""

    areas: AreaTree = field(default_factory=registry)
    root: Identity = field(default_factory=lambda: key("root"))
    registrar: Identity = field(default_factory=lambda: key("registrar"))
    second: Identity | None = None
    counter: int = 0

    def __post_init__(self) -> None:
        authorities = (
            Authority(1, 0, "Повітряні сили", "Air Force", (0,), (0,)),
            Authority(2, 1, "Місто Київ", "City of Kyiv", (KYIV,), (0,)),
        )
        second = (self.second.public,) if self.second else ()
        registrars = (self.registrar.public, *second)
        self.first = found(
            "Test realm", self.root, registrars, authorities, self.areas, START_S - 1000
        )
        self.charter = charter.decode(self.first).charter
        self.id = self.charter.content_id(b"")

    def charter_after(self, **changes: Any) -> bytes:
        """Return charter 2, signed by the root, with these changes."""
        after = replace(self.charter, version=2, previous=self.id, **changes)
        return after.sign((self.root,), self.id)

    def trust(self) -> Trust:
        """Return a fresh trust in this realm."""
        return Trust(self.first, self.areas.covers)

    def message(
        self,
        signer: Identity,
        kind: str,
        body: Body,
        *,
        created_s: int = START_S,
        k: int | None = None,
        area: int = 0,
        lifetime_s: int = 3600,
        realm_id: bytes | None = None,
    ) -> bytes:
        """Sign any message, with a k that is not used twice unless one is given."""
        if k is None:
            self.counter += 1
            k = self.counter
        return encode(
            signer,
            realm_id or self.id,
            kind_named(kind),
            created_s=created_s,
            k=k,
            lifetime_s=lifetime_s,
            area=area,
            body=body,
        )

    def grant(
        self,
        subject: bytes,
        authority: int = 1,
        kinds: Iterable[int] = (),
        areas: tuple[int, ...] = (0,),
        hazards: tuple[int, ...] = (0,),
        rate: int = 1000,
        not_after_s: int = START_S + YEAR_S,
        issuer: Identity | None = None,
        depth: int = 0,
    ) -> bytes:
        """Return a grant by the registrar, or by another issuer."""
        grant = desk_grant(
            subject, authority, not_after_s,
            kinds=tuple(kinds), hazards=hazards, areas=areas, rate=rate,
        )  # fmt: skip
        grant = replace(grant, depth=depth)
        return self.message(
            issuer or self.registrar, "grant", GrantBody(grant), lifetime_s=YEAR_S,
            created_s=START_S - 500,
        )  # fmt: skip

    def revoke(
        self,
        key: bytes,
        point: tuple[int, int] = (START_S, 0),
        keep: Iterable[bytes] = (),
        issuer: Identity | None = None,
    ) -> bytes:
        """Return a revocation by the registrar, or by another issuer."""
        self.counter += 1
        return sign_revocation(
            issuer or self.registrar, self.id, revocation(key, point, keep),
            created_s=START_S, k=self.counter,
        )  # fmt: skip

    def relay_grant(self, subject: bytes) -> bytes:
        """Return a relay's own grant."""
        return self.grant(subject, authority=0, kinds=kinds_of(Role.RELAY))

    def start(self, signer: Identity, area: int = KYIV, created_s: int = START_S) -> bytes:
        """Return an air-raid start."""
        body = AlertBody(Verb.START, (), AIR_RAID)
        return self.message(signer, "alert", body, area=area, created_s=created_s, lifetime_s=86400)

    def note(self, signer: Identity, text: str, size: int = 0, created_s: int = START_S) -> bytes:
        """Return a message of a resident's: a carrier of any size."""
        body = boxed(text, size)
        kind = "request" if size > 700 else "checkin" if size == 0 else "need"
        return self.message(signer, kind, body, created_s=created_s)


class Box:
    """A node with a store in memory, driven by hand; `events` gathers all that it reports."""

    def __init__(
        self,
        realm: Realm,
        name: str,
        at_s: float = 0,
        store: MemoryStore | None = None,
        policy: Policy | None = None,
    ) -> None:
        self.realm, self.name = realm, name
        self.store = store or MemoryStore(quota_bytes=1 << 30)
        self.identity = key(name)
        self.entropy = Entropy(f"{name} {at_s}")
        self.policy = policy
        self.events: list[Event] = []
        self.verified = 0
        self.start(at_s)

    def start(self, at_s: float) -> None:
        """Boot from the store."""
        self.node = Node(
            identity=self.identity,
            trust=self.realm.trust(),
            areas=self.realm.areas,
            entropy=self.entropy,
            verify=self._verify,
            bodies=self.store,
            now=now_at(at_s),
            policy=self.policy,
            rows=self.store.rows(),
            counters=self.store.counters(),
            notes=self.store.notes(NODE_NOTES),
        )

    def _verify(self, public: bytes, data: bytes, signature: bytes) -> bool:
        self.verified += 1
        return verify(public, data, signature)

    def flush(self, at_s: float) -> Batch:
        """Take a batch and commit it."""
        batch = self.node.take(now_at(at_s))
        if batch.durable:
            self.store.commit(batch.writes)
        self.events += batch.events
        return batch

    def held(self) -> list[bytes]:
        """Return the ids held, sorted."""
        return sorted(id_ for cls in Class for id_ in self.node.holdings.held_ids(cls))


class Pair:
    """Two boxes and one link between them that delivers at once, cut into pieces of `chunk`."""

    def __init__(self, a: Box, b: Box, at_s: float = 0, chunk: int = 1 << 20) -> None:
        self.a, self.b, self.chunk = a, b, chunk
        self.at_s = at_s
        self.bytes = {a.name: 0, b.name: 0}
        self.up = False
        self.connect()

    def connect(self) -> None:
        """Bring the link up."""
        self.up = True
        self.a.node.link_up(1, self.b.identity.public, now_at(self.at_s))
        self.b.node.link_up(1, self.a.identity.public, now_at(self.at_s))

    def cut(self) -> None:
        """Take the link down."""
        self.up = False
        for box in (self.a, self.b):
            box.node.link_down(1, now_at(self.at_s))

    def exchange(self, rounds: int = 2000) -> None:
        """Carry bytes both ways until neither side has any."""
        for _ in range(rounds):
            moved = self._carry(self.a, self.b) + self._carry(self.b, self.a)
            if not moved:
                return
        raise AssertionError("the two never fall silent")

    def _carry(self, sender: Box, receiver: Box) -> int:
        batch = sender.flush(self.at_s)
        moved = 0
        for _, data in (*batch.urgent, *batch.sends):
            self.bytes[sender.name] += len(data)
            for start in range(0, len(data), self.chunk):
                receiver.node.receive(1, data[start : start + self.chunk], now_at(self.at_s))
                moved += 1
        return moved

    def run(self, seconds: float, step: float = 0.05) -> None:
        """Let time pass, waking both and carrying what they say."""
        end = self.at_s + seconds
        while self.at_s < end:
            self.exchange()
            self.at_s += step
            for box in (self.a, self.b):
                box.node.wake(now_at(self.at_s))
        self.exchange()


def decoded(realm: Realm, raw: bytes) -> Message:
    """Decode a message that is known to be good."""
    from holub_protocol.codec import decode

    message = decode(raw, realm.id)
    assert isinstance(message, Message)
    return message
