"""One table of hostile inputs for every way into a node: links, and what files, the local socket
and the page offer. Each is refused for its own reason, counted, and the node goes on."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holub_crypto import cbor, cose
from holub_crypto.charter import Charter
from holub_crypto.identity import Identity, key_hint
from holub_protocol import codec, frames
from holub_protocol.batch import Misbehaved, Refused
from holub_protocol.frames import Bye, Hello, Put, Refuse
from holub_protocol.framing import FrameBuffer, frame_bytes
from holub_protocol.kinds.alert import AlertBody, Verb
from holub_protocol.kinds.board import BoardBody, bitmap_of
from holub_protocol.kinds.grant import GrantBody
from holub_protocol.limits import (
    BAD_SIGNATURES_PER_LINK,
    LIVE_HOURS,
    MALFORMED_PER_LINK,
    MESSAGE_BYTES,
)
from holub_protocol.message import Message, Opaque
from holub_protocol.node import Node
from holub_protocol.policy import Policy
from holub_protocol.reconcile import session_salt, short_id
from holub_protocol.refusal import Refusal
from support_realm import AIR_RAID, KYIV, START_S, Box, Realm, decoded, key, now_at

AT_S = 100
PEER, PEER_NONCE = key("peer"), bytes(range(16))
DESK, RELAY, ENDED, THIEF = key("desk"), key("relay"), key("ended desk"), key("thief")
MODEST, DOUBLE, STRANGER = key("modest desk"), key("desk of two"), key("stranger")
RATE, LVIV_OBLAST, NOWHERE, ARTILLERY = 50, 46000, 1, 202
START: cbor.Value = (0, (), AIR_RAID)
STEP = 8


def realm_with_keys() -> Realm:
    """Return a realm whose charter has revoked a key."""
    realm = Realm()
    realm.charter = replace(realm.charter, revoked=(THIEF.public,))
    realm.first = realm.charter.sign((realm.root,))
    realm.id = realm.charter.content_id(b"")
    return realm


REALM = realm_with_keys()
GRANTS = (
    REALM.grant(DESK.public, 2, areas=(KYIV,), hazards=(AIR_RAID,), rate=RATE),
    REALM.grant(THIEF.public, 2, areas=(KYIV,), hazards=(AIR_RAID,)),
    REALM.grant(ENDED.public, 2, areas=(KYIV,), hazards=(AIR_RAID,), not_after_s=START_S - 1),
    REALM.grant(MODEST.public, 2, kinds=(8,), areas=(KYIV,)),
    REALM.grant(DOUBLE.public, 1, areas=(KYIV,), hazards=(AIR_RAID,)),
    REALM.grant(DOUBLE.public, 2, areas=(KYIV,), hazards=(ARTILLERY,)),
    REALM.relay_grant(RELAY.public),
)
GOOD = REALM.start(DESK, KYIV)
LATER_GOOD = REALM.start(DESK, KYIV, created_s=START_S + 1)


def signed(*payload: cbor.Value, signer: Identity = DESK) -> bytes:
    """Sign any payload, as a desk whose machine was taken over could."""
    return as_payload(cbor.encode(payload), signer)


def as_payload(payload: bytes, signer: Identity = DESK) -> bytes:
    """Sign any bytes."""
    return cose.sign1(signer, codec.external(REALM.id), payload)


def alert(
    signer: Identity = DESK, created_s: int = START_S, area: int = KYIV, k: int = 0,
    body: AlertBody | None = None, realm_id: bytes | None = None,
) -> bytes:  # fmt: skip
    """Return an alert that is good but for what is given."""
    return REALM.message(
        signer, "alert", body or AlertBody(Verb.START, (), AIR_RAID),
        created_s=created_s, area=area, k=k, lifetime_s=86_400, realm_id=realm_id,
    )  # fmt: skip


def charter(**other: object) -> Charter:
    """Return a version 2 that is good but for what is given."""
    plain = replace(REALM.charter, version=2, previous=REALM.id)
    return replace(plain, **other)  # type: ignore[arg-type]


PLAIN = cbor.encode((5, START_S, 0, STEP, KYIV, START))
CLEAR = AlertBody(Verb.CLEAR, (), AIR_RAID, (bytes(8),))
BEYOND = BoardBody(330, (), (), ((AIR_RAID, b"\0" * 40 + b"\1"),))
IN_KYIV = bitmap_of(frozenset((KYIV,)), REALM.areas.board_order)
OF_TWO = BoardBody(330, (), (), ((AIR_RAID, IN_KYIV), (ARTILLERY, IN_KYIV)))
STOLEN_GRANT = GrantBody(decoded(REALM, GRANTS[0]).body.grant)  # type: ignore[attr-defined]
HEAD = (START_S, 0, STEP, KYIV)


@dataclass(frozen=True, slots=True)
class Row:
    """One hostile input and the reason for which it must be refused."""

    name: str
    raw: bytes
    refusal: Refusal
    age_s: int = 0
    reliable: bool = True


R = Refusal
TABLE = (
    Row("one byte", b"\0", R.MALFORMED),
    Row("truncated", GOOD[:-1], R.MALFORMED),
    Row("truncated in the header", GOOD[:10], R.MALFORMED),
    Row("trailing byte", GOOD + b"\0", R.MALFORMED),
    Row("two messages", GOOD + GOOD, R.MALFORMED),
    Row("tagged", b"\xd2" + GOOD, R.MALFORMED),
    Row("unprotected header", GOOD[:15] + b"\xa1\x01\x26" + GOOD[16:], R.MALFORMED),
    Row("other algorithm", GOOD.replace(b"\xa2\x01\x32", b"\xa2\x01\x27", 1), R.MALFORMED),
    Row("full of zeros", bytes(MESSAGE_BYTES), R.MALFORMED),
    Row("oversized alert", signed(5, *HEAD, (0, (), 1, (), 0, (), 0, (("uk", "x" * 999),))),
        R.OVERSIZE),
    Row("deep", as_payload(b"\x81" * 100 + b"\0"), R.MALFORMED),
    Row("very deep", as_payload(b"\x81" * 3900 + b"\0"), R.MALFORMED),
    Row("deep body", signed(5, *HEAD, (0, ((((((),),),),),), 1)), R.MALFORMED),
    Row("map", as_payload(PLAIN.replace(b"\x83\0\x80", b"\x83\0\xa0")), R.MALFORMED),
    Row("duplicate keys", as_payload(PLAIN.replace(b"\x83\0\x80", b"\x83\0\xa2\0\0\0\1")),
        R.MALFORMED),
    Row("non-minimal", as_payload(PLAIN[:1] + b"\x18\x05" + PLAIN[2:]), R.MALFORMED),
    Row("trailing in the payload", as_payload(PLAIN + b"\0"), R.MALFORMED),
    Row("indefinite", as_payload(b"\x9f" + PLAIN[1:] + b"\xff"), R.MALFORMED),
    Row("tag within", as_payload(PLAIN[:1] + b"\xc1" + PLAIN[1:]), R.MALFORMED),
    Row("float", as_payload(PLAIN[:1] + b"\xf9\x45\0" + PLAIN[2:]), R.MALFORMED),
    Row("huge array", as_payload(b"\x9b" + b"\xff" * 8), R.MALFORMED),
    Row("huge string", as_payload(b"\x5b" + b"\x7f" * 8), R.MALFORMED),
    Row("no array", as_payload(b"\0"), R.MALFORMED),
    Row("text for kind", signed("alert", *HEAD, START), R.MALFORMED),
    Row("bytes for created", signed(5, b"now", *HEAD[1:], START), R.MALFORMED),
    Row("null for k", signed(5, START_S, None, *HEAD[2:], START), R.MALFORMED),
    Row("negative area", signed(5, *HEAD[:3], -1, START), R.MALFORMED),
    Row("number for body", signed(5, *HEAD, 0), R.MALFORMED),
    Row("text for verb", signed(5, *HEAD, ("start", (), 1)), R.MALFORMED),
    Row("verb 5", signed(5, *HEAD, (5, (), 1)), R.MALFORMED),
    Row("clear of nothing", signed(5, *HEAD, (2, (), 1)), R.MALFORMED),
    Row("areas out of order", signed(5, *HEAD, (0, (9, 8), 1)), R.MALFORMED),
    Row("empty body", signed(6, *HEAD, ()), R.MALFORMED),
    Row("grant of text", signed(1, START_S, 0, 4, 0, ("all",) * 9, signer=REALM.registrar),
        R.MALFORMED),
    Row("bit beyond the registry", REALM.message(DESK, "board", BEYOND, area=KYIV), R.MALFORMED),
    Row("from 1970", signed(5, 0, *HEAD[1:], START), R.MALFORMED),
    Row("unknown kind", signed(99, *HEAD, START), R.UNKNOWN_KIND),
    Row("alert for 30 days", signed(5, START_S, 0, 13, KYIV, START), R.LIFETIME),
    Row("wrong signature", GOOD[:-1] + bytes([GOOD[-1] ^ 1]), R.BAD_SIGNATURE),
    Row("signature of zeros", GOOD[:-64] + bytes(64), R.BAD_SIGNATURE),
    Row("another's signature", alert(k=1)[:-64] + alert(RELAY, k=1)[-64:], R.BAD_SIGNATURE),
    Row("body exchanged", GOOD.replace(KYIV.to_bytes(4, "big"), (79391).to_bytes(4, "big")),
        R.BAD_SIGNATURE),
    Row("wrong realm", alert(realm_id=bytes(32)), R.BAD_SIGNATURE),
    Row("wrong realm, key unknown", alert(STRANGER, realm_id=bytes(32)), R.UNKNOWN_SIGNER),
    Row("unknown signer", alert(STRANGER), R.UNKNOWN_SIGNER),
    Row("expired", alert(created_s=START_S - 86_400), R.EXPIRED),
    Row("expired by age", GOOD, R.EXPIRED, age_s=86_400, reliable=False),
    Row("clear from the future", alert(created_s=START_S + AT_S + 121, body=CLEAR), R.FUTURE),
    Row("note from 2106", REALM.note(RELAY, "", created_s=2**32 - 1), R.FUTURE),
    Row("revoked key", alert(THIEF), R.REVOKED),
    Row("relay as desk", alert(RELAY), R.ROLE),
    Row("registrar as desk", alert(REALM.registrar), R.ROLE),
    Row("desk as registrar", REALM.message(DESK, "grant", STOLEN_GRANT), R.ROLE),
    Row("for two authorities", REALM.message(DOUBLE, "board", OF_TWO, area=KYIV), R.HAZARD),
    Row("kind not granted", alert(MODEST), R.KIND),
    Row("hazard not granted", alert(body=AlertBody(Verb.START, (), ARTILLERY)), R.HAZARD),
    Row("area above", alert(area=0), R.AREA),
    Row("second area elsewhere",
        alert(body=AlertBody(Verb.START, (LVIV_OBLAST,), AIR_RAID)), R.AREA),
    Row("area that is none", alert(area=NOWHERE), R.AREA),
    Row("grant ended", alert(ENDED), R.GRANT_ENDED),
    Row("over the rate", alert(k=RATE), R.COUNTER),
    Row("charter of junk", b"\x84\x40\xa0" + b"\xff" * 40, R.MALFORMED),
    Row("charter cut short", REALM.first[:-1], R.MALFORMED),
    Row("charter of fields", cose.sign_many((REALM.root,), b"", cbor.encode((1, 2))), R.MALFORMED),
    Row("charter by a stranger", charter().sign((STRANGER,), REALM.id), R.CHARTER),
    Row("charter of another realm", charter().sign((REALM.root,), bytes(32)), R.CHARTER),
    Row("another charter 1", replace(REALM.charter, name="x").sign((REALM.root,)), R.CHARTER),
    Row("charter 3", charter(version=3, previous=bytes(32)).sign((REALM.root,), REALM.id),
        R.CHARTER_AHEAD),
)  # fmt: skip

NOT_OF_ONE_MESSAGE = {Refusal.SUPERSEDED, Refusal.QUOTA, Refusal.FULL, Refusal.CHUNK}
OF_NO_INPUT = {Refusal.DAMAGED}


class Peer:
    """The other end of link 1 of a node, driven by hand."""

    def __init__(self, box: Box) -> None:
        """Bring the link up and greet."""
        self.box, self.buffer = box, FrameBuffer()
        self.heard: list[frames.Frame] = []
        box.node.link_up(1, PEER.public, now_at(AT_S))
        self.listen()
        (hello,) = self.heard
        assert isinstance(hello, Hello)
        self.salt = session_salt(PEER_NONCE, hello.nonce)
        self.say(Hello(1, PEER_NONCE, 4096, 65_536, 1))

    def say(self, frame: frames.Frame) -> None:
        """Send a frame."""
        self.send(frame_bytes(frames.encode(frame)))

    def send(self, data: bytes) -> None:
        """Send any bytes."""
        self.box.node.receive(1, data, now_at(AT_S))

    def put(self, raw: bytes, piece: int, age_s: int = 0) -> bytes:
        """Send a message in pieces under its short id, or one made up where it has none."""
        message = codec.decode(raw, REALM.id)
        id_ = message.id if isinstance(message, Message) else bytes(32)
        short = short_id(self.salt, id_)
        for at in range(0, len(raw), piece):
            self.say(Put(short, age_s, len(raw), at, raw[at : at + piece]))
        return short

    def listen(self) -> tuple[tuple[int, str], ...]:
        """Hear what the node says; return the links that it wants closed."""
        batch = self.box.flush(AT_S)
        for _, data in (*batch.urgent, *batch.sends):
            self.buffer.feed(data)
        while (raw := self.buffer.next()) is not None:
            frame = frames.decode(raw)
            assert frame is not None
            self.heard.append(frame)
        return batch.closes


def enrolled_box(policy: Policy | None = None) -> Box:
    """Return a node that knows the realm's keys."""
    box = Box(REALM, "node", policy=policy)
    for grant in GRANTS:
        assert isinstance(box.node.offer(grant, now_at(AT_S)), bytes)
    box.flush(AT_S)
    return box


def idle(node: Node) -> None:
    """Let the node do all that time alone makes it do."""
    for later_s in (AT_S, AT_S + 1, AT_S + 200):
        node.wake(now_at(later_s))
        node.take(now_at(later_s))
    assert node.next_wake_us() is not None


def by_offer(box: Box, row: Row) -> None:
    """Bring a row in as a file, the local socket or the page would."""
    outcome = box.node.offer(row.raw, now_at(AT_S, row.reliable), row.age_s)
    assert outcome is row.refusal


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_offered(row: Row) -> None:
    """What a file, the local socket or the page brings is refused, counted and reported, and a
    good message is taken afterwards."""
    box = enrolled_box()
    before = box.held()
    by_offer(box, row)
    box.flush(AT_S)
    assert box.node.stats().refusals == ((row.refusal, 1),)
    assert box.events[-1] == Refused(row.refusal, None)
    assert box.held() == before
    assert isinstance(box.node.offer(LATER_GOOD, now_at(AT_S)), bytes)
    idle(box.node)


@pytest.mark.parametrize("piece", [4000, 60])
@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_from_a_link(row: Row, piece: int) -> None:
    """What a peer sends, whole or in pieces, is refused and counted on its link; it hears of
    final refusals only, of a forgery nothing; the link stays up and a good message is taken on
    it."""
    box = enrolled_box()
    peer = Peer(box)
    before = box.held()
    if not row.reliable:
        box.node.wake(now_at(AT_S, reliable=False))
        box.node.receive(
            1, frame_bytes(frames.encode(Put(bytes(5), row.age_s, len(row.raw), 0, row.raw))),
            now_at(AT_S, reliable=False),
        )  # fmt: skip
        short = bytes(5)
    else:
        short = peer.put(row.raw, piece, row.age_s)
    assert peer.listen() == ()
    stats = box.node.stats()
    assert stats.refusals == ((row.refusal, 1),)
    assert stats.links[0].refusals == ((row.refusal, 1),)
    told = [frame for frame in peer.heard if isinstance(frame, Refuse)]
    tells = row.refusal.final and row.refusal is not Refusal.BAD_SIGNATURE
    assert told == ([Refuse(short, row.refusal.value)] if tells else [])
    assert box.held() == before
    peer.put(LATER_GOOD, piece)
    assert peer.listen() == ()
    assert decoded(REALM, LATER_GOOD).id in box.held()
    idle(box.node)


def test_the_table_has_every_reason() -> None:
    """A new reason comes with an input that meets it."""
    assert {row.refusal for row in TABLE} | NOT_OF_ONE_MESSAGE | OF_NO_INPUT == set(Refusal)
    assert len({row.name for row in TABLE}) == len(TABLE)


def test_too_large_for_a_link() -> None:
    """Only a file can hold more than a message's bytes: refused before it is parsed."""
    box = enrolled_box()
    assert box.node.offer(bytes(MESSAGE_BYTES + 1), now_at(AT_S)) is Refusal.OVERSIZE
    assert box.node.offer(b"", now_at(AT_S)) is Refusal.MALFORMED
    assert box.node.stats().verifications == len(GRANTS)


def test_a_board_that_is_older() -> None:
    """A board from before the newest of its key is superseded; one of the same point is not, for
    which of two contradictions came first must not decide what is shown."""
    box = enrolled_box()
    newer, older = (
        REALM.message(DESK, "board", BoardBody(330), created_s=created_s, k=0, area=KYIV)
        for created_s in (START_S + 10, START_S)
    )
    twin = REALM.message(DESK, "board", BoardBody(331), created_s=START_S + 10, k=0, area=KYIV)
    assert isinstance(box.node.offer(newer, now_at(AT_S)), bytes)
    assert box.node.offer(older, now_at(AT_S)) is Refusal.SUPERSEDED
    assert isinstance(box.node.offer(twin, now_at(AT_S)), bytes)
    assert box.node.stats().refusals == ((Refusal.SUPERSEDED, 1),)


def test_too_many_of_one_signer() -> None:
    """A key that signs its hourly cap for days is stopped by what is live at once; others are
    not, nor is its other kind."""
    box = enrolled_box()
    made = 0
    for hour in range(LIVE_HOURS + 1):
        for k in range(60):
            raw = REALM.message(RELAY, "used", Opaque(()), k=k, lifetime_s=3 * 86_400,
                                created_s=START_S - 3600 * hour)  # fmt: skip
            outcome = box.node.offer(raw, now_at(AT_S))
            assert outcome is Refusal.QUOTA if hour == LIVE_HOURS else isinstance(outcome, bytes)
            made += 1
    assert box.node.stats().refusals == ((Refusal.QUOTA, 60),)
    assert made == 60 * (LIVE_HOURS + 1)
    assert isinstance(box.node.offer(REALM.note(RELAY, "x"), now_at(AT_S)), bytes)
    assert isinstance(box.node.offer(GOOD, now_at(AT_S)), bytes)


def test_no_room() -> None:
    """A relay that sends on and on is refused at its share, for now; an alert still finds room."""
    box = enrolled_box(Policy(store_bytes=24_000))
    outcomes = [
        box.node.offer(REALM.note(RELAY, str(number), size=600), now_at(AT_S))
        for number in range(40)
    ]
    assert outcomes[-1] is Refusal.QUOTA
    assert sum(isinstance(outcome, bytes) for outcome in outcomes) >= 3
    assert not Refusal.QUOTA.final
    assert isinstance(box.node.offer(GOOD, now_at(AT_S)), bytes)
    assert box.node.holdings.used_bytes <= 24_000


def test_alerts_fill_half_the_store_at_most() -> None:
    """A stolen desk key can't push everything else out."""
    box = enrolled_box(Policy(store_bytes=40_000))
    texts = (("uk", "x" * 800),)
    outcomes = [
        box.node.offer(
            alert(k=k, body=AlertBody(Verb.START, (), AIR_RAID, texts=texts)), now_at(AT_S)
        )
        for k in range(40)
    ]
    assert outcomes[-1] is Refusal.QUOTA
    assert isinstance(box.node.offer(REALM.note(RELAY, "x"), now_at(AT_S)), bytes)


# --- streams ----------------------------------------------------------------------------------


def framed(*fields: cbor.Value) -> bytes:
    """Return a frame of any fields, its length before it."""
    return frame_bytes(cbor.encode(fields))


STREAMS = (
    (b"\0\0", "0 bytes"),
    (b"\x10\x01", "4097 bytes"),
    (b"\xff\xff", "65535 bytes"),
    (frame_bytes(b"\xff"), "not CBOR"),
    (frame_bytes(b"\xa1\0\0"), "broken stream"),
    (frame_bytes(b"\x81" * 4000 + b"\0"), "broken stream"),
    (frame_bytes(b"\x83\x0b\0\0\0"), "broken stream"),
    (frame_bytes(b"\x83\x18\x0b\0\0"), "shortest form"),
    (framed(), "an empty frame"),
    (framed("PUT"), "not an integer"),
    (framed(11), "of 1 fields"),
    (framed(4, bytes(5), 0, 4097, 0, b"x"), "from 1 to 4096"),
    (framed(4, bytes(5), 0, 1, 0, b"xx"), "byte string"),
    (framed(3, 0, b"odd"), "5-byte strings"),
    (framed(0, 1, PEER_NONCE, 4096, 65_536, 1), "HELLO while live"),
    (framed(11, 0, 0), "BYE"),
)


@pytest.mark.parametrize(("data", "why"), STREAMS)
def test_a_broken_stream(data: bytes, why: str) -> None:
    """A stream that can't be followed closes its own link, says why, and nothing else happens."""
    box = enrolled_box()
    peer = Peer(box)
    peer.send(data)
    peer.put(GOOD, 4000)
    ((link, reason),) = peer.listen()
    assert link == 1
    assert why in reason
    assert any(isinstance(frame, Bye) for frame in peer.heard)
    assert (Misbehaved(PEER.public) in box.events) == ("BYE" not in why)
    assert box.node.stats().links == ()
    assert decoded(REALM, GOOD).id not in box.held()
    peer.send(frame_bytes(b"\0"))
    assert isinstance(box.node.offer(GOOD, now_at(AT_S)), bytes)
    again = Peer(box)
    assert again.listen() == ()


@pytest.mark.parametrize(
    "data",
    [
        framed(4, bytes(5), 0, b"x"),
        framed(5, bytes(8)),
        framed(0, 1, b"short", 4096, 65_536, 1),
        b"GET / HTTP/1.1\r\n\r\n",
    ],
)
def test_before_the_greeting(data: bytes) -> None:
    """Whoever does not say HELLO first, or a wrong one, is not listened to."""
    box = enrolled_box()
    box.node.link_up(1, PEER.public, now_at(AT_S))
    box.node.receive(1, data, now_at(AT_S))
    assert len(box.flush(AT_S).closes) == 1
    assert box.node.stats().links == ()


def test_a_peer_that_repeats_our_nonce() -> None:
    """Else the salt would be of its choosing alone."""
    box = enrolled_box()
    box.node.link_up(1, PEER.public, now_at(AT_S))
    data = b"".join(data for _, data in box.flush(AT_S).urgent)
    box.node.receive(1, data, now_at(AT_S))
    ((_, why),) = box.flush(AT_S).closes
    assert why == "the peer repeats our own nonce"


def test_silence_is_not_waited_for() -> None:
    """A link that never greets is closed in time."""
    box = enrolled_box()
    box.node.link_up(1, PEER.public, now_at(AT_S))
    box.node.wake(now_at(AT_S + 9))
    assert box.flush(AT_S + 9).closes == ()
    box.node.wake(now_at(AT_S + 11))
    assert box.flush(AT_S + 11).closes == ((1, "no HELLO"),)
    assert Misbehaved(PEER.public) not in box.events


@pytest.mark.parametrize(
    ("made", "bound", "why"),
    [
        (lambda n: alert(k=n)[:-1] + b"\0", BAD_SIGNATURES_PER_LINK, "bad signatures"),
        (lambda n: bytes([n]), MALFORMED_PER_LINK, "malformed"),
    ],
)
def test_a_peer_that_keeps_at_it(made: Callable[[int], bytes], bound: int, why: str) -> None:
    """A few bad signatures, or some more malformed messages, and the link is closed."""
    peer = Peer(enrolled_box())
    for number in range(bound):
        peer.put(made(number), 4000)
    assert peer.listen() == ()
    peer.put(made(bound), 4000)
    ((_, reason),) = peer.listen()
    assert why in reason


def test_a_message_under_a_wrong_short_id() -> None:
    """A peer can't answer a WANT with something else unnoticed."""
    box = enrolled_box()
    peer = Peer(box)
    peer.say(Put(b"wrong", 0, len(GOOD), 0, GOOD))
    peer.listen()
    assert box.node.stats().links[0].refusals == ((Refusal.MALFORMED, 1),)


FIVE = st.binary(min_size=5, max_size=5)
SHORTS = st.lists(FIVE, max_size=3).map(b"".join)
SMALL = st.integers(-1, 6)
BOUND = st.one_of(SMALL, st.none(), st.tuples(SMALL, st.binary(max_size=33)))
JUNK_FRAMES = st.one_of(
    st.tuples(st.just(1), SMALL, st.lists(
        st.tuples(SMALL, SMALL, st.binary(min_size=8, max_size=8)), max_size=3).map(tuple)),
    st.builds(
        lambda cls, low, parts: (2, cls, low, *(field for part in parts for field in part)),
        SMALL, BOUND, st.lists(
            st.tuples(BOUND, st.one_of(st.none(), SHORTS, st.binary(min_size=6, max_size=6))),
            min_size=1, max_size=3)),
    st.tuples(st.just(3), SMALL, BOUND, st.binary(min_size=1, max_size=3)),
    st.tuples(st.sampled_from((3, 6)), SMALL, SHORTS),
    st.tuples(st.just(4), FIVE, SMALL, st.binary(max_size=12)),
    st.tuples(st.just(4), st.sampled_from((bytes(5), b"other")), SMALL, st.integers(0, 12),
              SMALL, st.binary(max_size=12)),
    st.tuples(st.just(5), st.sampled_from((bytes(8), key_hint(DESK.public)))),
    st.tuples(st.just(7), FIVE, SMALL),
    st.tuples(st.just(10), SMALL),
    st.tuples(st.integers(0, 13), SMALL),
)  # fmt: skip


@given(st.lists(st.one_of(JUNK_FRAMES.map(cbor.encode), st.binary(min_size=1, max_size=40))))
def test_nothing_a_peer_says_raises(junk: list[bytes]) -> None:
    """Whatever frames come in whatever order, the node goes on: a good message from elsewhere
    is taken in."""
    box = enrolled_box()
    peer = Peer(box)
    for data in junk:
        peer.send(frame_bytes(data))
        peer.listen()
    assert isinstance(box.node.offer(GOOD, now_at(AT_S)), bytes)
    idle(box.node)


@given(st.integers(0, len(GOOD) - 1), st.integers(1, 255))
def test_no_mutation_is_taken_in(at: int, flip: int) -> None:
    """A good message with one byte changed never enters."""
    box = enrolled_box()
    bad = GOOD[:at] + bytes([GOOD[at] ^ flip]) + GOOD[at + 1 :]
    assert isinstance(box.node.offer(bad, now_at(AT_S)), Refusal)
