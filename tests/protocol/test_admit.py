"""The gate: checks from cheap to dear, and one answer for each message."""

from itertools import permutations

import pytest

from holub_crypto.identity import verify
from holub_protocol.admit import Admitted, admit, claims, row_of, timely
from holub_protocol.areas import AreaTree, ukraine
from holub_protocol.desk import compose_board
from holub_protocol.kinds import Class
from holub_protocol.kinds.alert import AlertBody, Verb
from holub_protocol.kinds.board import BoardBody, bitmap_of
from holub_protocol.kinds.grant import GrantBody
from holub_protocol.message import BodyError, Message, Now, Opaque
from holub_protocol.refusal import Refusal
from holub_protocol.truth import Truth
from support_realm import AIR_RAID, KYIV, KYIV_OBLAST, START_S, Realm, decoded, key, now_at

DESK = key("desk")


def gate(
    realm: Realm, raw: bytes, at_s: float = 0, age_s: int = 0, hazards: tuple[int, ...] = (0,)
) -> tuple[object, int]:
    """Return (the answer, how many signatures were checked), of a desk granted these hazards."""
    checks = 0

    def counted(public: bytes, data: bytes, signature: bytes) -> bool:
        nonlocal checks
        checks += 1
        return verify(public, data, signature)

    trust = realm.trust()
    body = decoded(realm, realm.grant(DESK.public, hazards=hazards)).body
    assert isinstance(body, GrantBody)
    trust.add_grant(b"g" * 32, body.grant, realm.registrar.public, START_S)
    answer = admit(
        decoded(realm, raw), trust=trust, areas=realm.areas, verify=counted, age_s=age_s,
        now=now_at(at_s),
    )  # fmt: skip
    return answer, checks


def test_a_granted_message_is_admitted_with_its_signer_and_authority() -> None:
    """The answer names the key that signed, on whose behalf, and its rate."""
    realm = Realm()
    answer, checks = gate(realm, realm.start(DESK))
    assert isinstance(answer, Admitted)
    assert (answer.signer, answer.authority, answer.rate) == (DESK.public, 1, 1000)
    assert checks == 1


def test_a_board_of_many_hazards_is_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its areas are sought in the registry once, not once for each of 35 hazards; of a stranger's
    board nothing is looked at, not even that it names no area that there is."""
    realm, order = Realm(), ukraine().board_order
    full = bitmap_of(frozenset(order), order)
    sought = []
    known = AreaTree.__contains__

    def counted(tree: AreaTree, area: object) -> bool:
        sought.append(area)
        return known(tree, area)

    monkeypatch.setattr(AreaTree, "__contains__", counted)
    board = BoardBody(330, bitmaps=tuple((hazard, full) for hazard in range(1, 36)))
    answer, _ = gate(realm, realm.message(DESK, "board", board, area=0))
    assert isinstance(answer, Admitted)
    assert len(sought) == len(order) + 1
    beyond = BoardBody(330, bitmaps=((1, b"\xff" * 64),))
    for signer, reason in ((DESK, Refusal.MALFORMED), (key("stranger"), Refusal.UNKNOWN_SIGNER)):
        raw = realm.message(signer, "board", beyond, area=0)
        assert gate(realm, raw) == (reason, 0)
    assert len(sought) == len(order) + 1


def test_junk_is_refused_before_the_signature_is_checked() -> None:
    """Unknown signers, expired messages and those out of scope cost no signature check."""
    realm = Realm()
    body = AlertBody(Verb.START, (), AIR_RAID)
    cases = [
        (realm.start(key("stranger")), 0, Refusal.UNKNOWN_SIGNER),
        (realm.start(DESK, created_s=START_S - 90_000), 0, Refusal.EXPIRED),
        (realm.message(DESK, "alert", body, area=99999), 0, Refusal.AREA),
        (realm.message(DESK, "ballot", body, area=KYIV), 0, Refusal.KIND),
        (realm.message(DESK, "alert", body, area=KYIV, k=1000), 0, Refusal.COUNTER),
    ]
    for raw, at_s, reason in cases:
        assert gate(realm, raw, at_s) == (reason, 0)


@pytest.mark.parametrize("order", [*permutations(("nobody", "spare", "desk"))])
def test_every_key_of_a_hint_is_tried(
    order: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """That another key has the same hint, enrolled or not, keeps no message out; and none of
    them is believed without its own signature."""
    realm = Realm()
    trust = realm.trust()
    for name in ("desk", "spare"):
        body = decoded(realm, realm.grant(key(name).public)).body
        assert isinstance(body, GrantBody)
        trust.add_grant(name.encode(), body.grant, realm.registrar.public, START_S)
    monkeypatch.setattr(trust, "keys", lambda hint: tuple(key(name).public for name in order))
    for signer, signed in (("desk", True), ("nobody", False), ("stranger", False)):
        answer = admit(
            decoded(realm, realm.start(key(signer))), trust=trust, areas=realm.areas,
            verify=verify, age_s=0, now=now_at(0),
        )  # fmt: skip
        signers = [answer.signer] if isinstance(answer, Admitted) else []
        assert signers == ([key(signer).public] if signed else [])


def test_a_bad_signature_costs_one_check() -> None:
    """A forged message with a known hint is found out by one verification."""
    realm = Realm()
    raw = realm.start(DESK)
    assert gate(realm, raw[:-1] + bytes((raw[-1] ^ 1,))) == (Refusal.BAD_SIGNATURE, 1)


@pytest.mark.parametrize(
    ("reliable", "wall_s", "age_s", "answer"),
    [
        (True, START_S, 0, None),
        (True, START_S + 3600, 0, Refusal.EXPIRED),
        (True, START_S, 9999, None),
        (False, 0, 0, None),
        (False, START_S + 9999, 0, None),
        (False, 0, 3600, Refusal.EXPIRED),
        (True, START_S - 121, 0, Refusal.FUTURE),
        (True, START_S - 120, 0, None),
        (False, START_S - 9999, 0, None),
        (False, START_S, 10_000, Refusal.EXPIRED),
    ],
)
def test_time_is_judged_by_the_clock_that_can_be_relied_on(
    reliable: bool, wall_s: int, age_s: int, answer: Refusal | None
) -> None:
    """With a reliable clock the wall decides; without one only the age that was gathered."""
    realm = Realm()
    message = decoded(realm, realm.note(DESK, "x"))
    assert timely(message, age_s, Now(0, wall_s, reliable)) is answer


def test_a_start_from_the_future_is_not_held_back() -> None:
    """People are warned first: only removals and everything else wait for their time."""
    realm = Realm()
    late = START_S + 9000
    assert timely(decoded(realm, realm.start(DESK, created_s=late)), 0, now_at(0)) is None
    clear = AlertBody(Verb.CLEAR, (), AIR_RAID, (b"incident",))
    raw = realm.message(DESK, "alert", clear, area=KYIV, created_s=late)
    assert timely(decoded(realm, raw), 0, now_at(0)) is Refusal.FUTURE


def test_a_message_claims_all_areas_of_header_and_body() -> None:
    """Neither an alert nor a board can name a place that the gate does not see."""
    realm = Realm()
    body = AlertBody(Verb.START, (KYIV,), AIR_RAID)
    alert = decoded(realm, realm.message(DESK, "alert", body, area=KYIV_OBLAST))
    (claim,) = claims(alert, realm.areas)
    assert claim.areas == (KYIV_OBLAST, KYIV)
    truth = Truth(realm.areas, ())
    start = decoded(realm, realm.start(DESK))
    truth.add(start, DESK.public, 1)
    board_body = compose_board(truth, 1, DESK.public, realm.areas)
    board = decoded(realm, realm.message(DESK, "board", board_body))
    (claim,) = claims(board, realm.areas)
    assert claim.areas == (0, KYIV)
    assert claim.hazard == AIR_RAID


def test_bits_beyond_the_registry_are_malformed() -> None:
    """A bitmap that names more areas than there are is no board."""
    realm = Realm()
    body = BoardBody(330, bitmaps=((AIR_RAID, bytes(40) + b"\x01"),))
    board = decoded(realm, realm.message(DESK, "board", body))
    with pytest.raises(BodyError, match="bit"):
        claims(board, realm.areas)
    assert gate(realm, board.raw) == (Refusal.MALFORMED, 0)


def test_a_row_remembers_what_accounting_needs() -> None:
    """Signer, authority, order, end, area, size and age all reach the store."""
    realm = Realm()
    message: Message = decoded(realm, realm.start(DESK))
    row = row_of(Admitted(message, DESK.public, 1, 1000), 7, now_at(3))
    assert (row.id, row.signer, row.authority) == (message.id, DESK.public, 1)
    assert (row.created_s, row.k) == message.point
    assert (row.expires_s, row.area, row.size_bytes) == (message.expires_s, KYIV, len(message.raw))
    assert (row.cls, row.age_s, row.received_s) == (Class.ALERT, 3, START_S + 3)
    assert row.steady_s == 3
    early = row_of(Admitted(message, DESK.public, 1, 1000), 7, now_at(-3))
    assert early.age_s == row_of(Admitted(message, DESK.public, 1, 1000), 7, now_at(0)).age_s == 0
    unclocked = row_of(Admitted(message, DESK.public, 1, 1000), 7, now_at(1234.5, False))
    assert (unclocked.age_s, unclocked.steady_s) == (7, 1234)


def test_what_names_no_hazard_needs_none() -> None:
    """A desk of one hazard signs boards that nothing is on, and bulletins; a board that lists
    another hazard is out of its scope."""
    realm = Realm()
    quiet = realm.message(DESK, "board", BoardBody(330))
    bulletin = realm.message(DESK, "bulletin", Opaque(("news",)), area=KYIV)
    for hazards in ((AIR_RAID,), (AIR_RAID + 1,)):
        for raw in (quiet, bulletin):
            assert isinstance(gate(realm, raw, hazards=hazards)[0], Admitted)
    bits = realm.message(DESK, "board", BoardBody(330, bitmaps=((AIR_RAID, b"\x80"),)))
    assert isinstance(gate(realm, bits, hazards=(AIR_RAID,))[0], Admitted)
    assert gate(realm, bits, hazards=(AIR_RAID + 1,)) == (Refusal.HAZARD, 0)


@pytest.mark.parametrize("limited", [True, False])
def test_of_a_small_quota_one_message_an_hour_is_left(limited: bool) -> None:
    """A key with proofs against it says one thing where its grant allows ten; its alerts are
    never fewer."""
    realm = Realm()
    trust = realm.trust()
    body = decoded(realm, realm.grant(DESK.public, rate=10)).body
    assert isinstance(body, GrantBody)
    trust.add_grant(b"g" * 32, body.grant, realm.registrar.public, START_S)
    said: dict[str, list[int]] = {"bulletin": [], "alert": []}
    for name, ks in said.items():
        news = Opaque(("news",)) if name == "bulletin" else AlertBody(Verb.START, (), AIR_RAID)
        for k in range(12):
            answer = admit(
                decoded(realm, realm.message(DESK, name, news, area=KYIV, k=k)), trust=trust,
                areas=realm.areas, verify=verify, age_s=0, now=now_at(0),
                limited=lambda key: limited,
            )  # fmt: skip
            if isinstance(answer, Admitted):
                ks.append(k)
    assert said == {"bulletin": list(range(1 if limited else 10)), "alert": list(range(10))}


def test_one_authority_answers_for_all_that_a_board_says() -> None:
    """A desk of two, granted one hazard by each, speaks of both only in two boards."""
    realm = Realm()
    trust = realm.trust()
    for granting, hazard in ((1, AIR_RAID), (2, AIR_RAID + 2)):
        grant = realm.grant(DESK.public, authority=granting, hazards=(hazard,))
        body = decoded(realm, grant).body
        assert isinstance(body, GrantBody)
        trust.add_grant(bytes([granting]), body.grant, realm.registrar.public, START_S)
    bits = bitmap_of(frozenset([KYIV]), realm.areas.board_order)
    for hazards, authority in (
        ((AIR_RAID,), 1), ((AIR_RAID + 2,), 2), ((AIR_RAID, AIR_RAID + 2), None),
    ):  # fmt: skip
        board = BoardBody(330, bitmaps=tuple((hazard, bits) for hazard in hazards))
        answer = admit(
            decoded(realm, realm.message(DESK, "board", board, area=KYIV)), trust=trust,
            areas=realm.areas, verify=verify, age_s=0, now=now_at(0),
        )  # fmt: skip
        assert (answer.authority if isinstance(answer, Admitted) else None) == authority


def test_nobody_is_limited_unasked() -> None:
    """Without proofs against it a key has all of its quota."""
    realm = Realm()
    last = realm.message(DESK, "bulletin", Opaque(("news",)), area=KYIV, k=59)
    assert isinstance(gate(realm, last)[0], Admitted)
    for k in (60, 61, 4095):
        beyond = realm.message(DESK, "bulletin", Opaque(("news",)), area=KYIV, k=k)
        assert gate(realm, beyond) == (Refusal.COUNTER, 0)
