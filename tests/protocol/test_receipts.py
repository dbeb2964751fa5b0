"""Receipts through the node: who may say that a body has arrived, and what that does."""

from holub_crypto.identity import Identity, key_hint
from holub_protocol.kinds.receipt import receipt_of
from holub_protocol.kinds.sealed import SealedBody
from holub_protocol.message import Opaque
from holub_protocol.policy import Policy
from holub_protocol.receipts import Receipts, addressee
from holub_protocol.storage import State
from support_realm import START_S, Box, Realm, decoded, key, now_at

SERVICE, THIEF = key("service"), key("thief")
DAY_S = 86_400
WEEK_S = 7 * DAY_S


class Scene:
    """A node whose store holds some twenty requests, which two relays brought, to a service."""

    def __init__(self) -> None:
        self.realm = Realm()
        self.box = Box(self.realm, "a", policy=Policy(store_bytes=40_000))
        self.relays = (self.box.identity, key("other relay"))
        for identity in (SERVICE, THIEF, *self.relays):
            self.offer(self.realm.relay_grant(identity.public))
        self.number = 0

    def offer(self, raw: bytes, at_s: float = 0) -> bytes:
        """Take a message in."""
        outcome = self.box.node.offer(raw, now_at(at_s))
        assert isinstance(outcome, bytes), outcome
        return outcome

    def request(self, to: Identity = SERVICE) -> bytes:
        """Return a sealed request of 1,600 bytes."""
        self.number += 1
        body = SealedBody(key_hint(to.public), self.number.to_bytes(1000, "big"))
        signer = self.relays[self.number % 2]
        return self.realm.message(signer, "request", body, lifetime_s=WEEK_S)

    def receipt(self, signer: Identity, *ids: bytes, at_s: int = 0) -> bytes:
        """Return a receipt for whole ids."""
        return self.realm.message(
            signer, "receipt", receipt_of(ids), created_s=START_S + at_s, lifetime_s=WEEK_S
        )

    def crowd(self, at_s: float) -> None:
        """Bring what needs room."""
        for _ in range(40):
            raw = self.realm.start(key("desk"), created_s=START_S + int(at_s))
            self.box.node.offer(raw, now_at(at_s))

    def states(self, ids: list[bytes]) -> list[State | None]:
        """Return what became of each."""
        return [self.box.node.holdings.state(id_) for id_ in ids]


def test_a_delivered_body_goes_first_after_a_day() -> None:
    """When room is needed, what its addressee has had for a day makes it, and its id stays seen
    and compared; other requests that end as late are kept."""
    scene = Scene()
    scene.offer(scene.realm.grant(key("desk").public))
    ids = [scene.offer(scene.request()) for _ in range(20)]
    scene.offer(scene.receipt(SERVICE, *ids[10:12]), 1)
    scene.crowd(60)
    evicted = scene.states(ids).count(State.EVICTED)
    assert State.RECEIPTED not in scene.states(ids)
    assert evicted
    scene = Scene()
    scene.offer(scene.realm.grant(key("desk").public))
    ids = [scene.offer(scene.request()) for _ in range(20)]
    scene.offer(scene.receipt(SERVICE, *ids[10:16]), 1)
    scene.crowd(DAY_S + 60)
    states = scene.states(ids)
    assert states[10:12] == [State.RECEIPTED] * 2
    assert states.count(State.RECEIPTED) + states.count(State.HELD) == 20
    assert scene.box.node.offer(scene.box.store.get(ids[10]) or b"", now_at(DAY_S)) is not None


def test_only_the_addressees_key_counts() -> None:
    """A thief's receipt for others' mail does nothing, nor one for what names nobody."""
    scene = Scene()
    raw = scene.request()
    ids = [scene.offer(raw)]
    receipts = Receipts(scene.box.node.holdings, scene.box.node.message)
    forged = scene.offer(scene.receipt(THIEF, *ids))
    receipts.heard(forged, THIEF.public, receipt_of((ids[0],)))
    assert list(receipts.delivered(now_at(2 * DAY_S))) == []
    true = scene.offer(scene.receipt(SERVICE, *ids))
    receipts.heard(true, SERVICE.public, receipt_of((ids[0],)))
    assert list(receipts.delivered(now_at(DAY_S - 1))) == []
    assert list(receipts.delivered(now_at(2 * DAY_S))) == ids
    assert addressee(decoded(scene.realm, raw)) == key_hint(SERVICE.public)
    assert addressee(decoded(scene.realm, scene.receipt(SERVICE, *ids))) is None
    open_ = scene.realm.message(scene.box.identity, "ballot", Opaque((key_hint(SERVICE.public),)))
    assert addressee(decoded(scene.realm, open_)) is None


def test_a_receipt_may_come_before_its_message() -> None:
    """Receipts are newer, so they often arrive first."""
    scene = Scene()
    raw = scene.request()
    id_ = decoded(scene.realm, raw).id
    receipts = Receipts(scene.box.node.holdings, scene.box.node.message)
    receipt = scene.offer(scene.receipt(SERVICE, id_))
    receipts.heard(receipt, SERVICE.public, receipt_of((id_,)))
    assert list(receipts.delivered(now_at(2 * DAY_S))) == []
    scene.offer(raw)
    assert list(receipts.delivered(now_at(2 * DAY_S))) == [id_]


def test_receipts_are_remembered_after_a_restart_and_within_bounds() -> None:
    """They come back from the store; of too many the oldest are forgotten."""
    scene = Scene()
    scene.offer(scene.realm.grant(key("desk").public))
    ids = [scene.offer(scene.request()) for _ in range(20)]
    scene.offer(scene.receipt(SERVICE, *ids[10:12]), 1)
    scene.box.flush(1)
    scene.box.start(2)
    scene.crowd(DAY_S + 60)
    assert scene.states(ids)[10:12] == [State.RECEIPTED] * 2
    receipts = Receipts(scene.box.node.holdings, scene.box.node.message)
    for number in range(600):
        some = tuple((32 * number + n).to_bytes(32, "little") for n in range(32))
        receipts.heard(bytes(32), SERVICE.public, receipt_of(some))
    assert len(receipts) == 16_384
