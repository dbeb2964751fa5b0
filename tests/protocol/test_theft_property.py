"""Rule 10 with everything at once: several desks of two authorities with real keys, a thief among
them, revocation, loss, duplication, any order of arrival, and reboots of the node that looks on."""

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from holub_crypto.charter import Authority
from holub_crypto.identity import Identity, key_hint
from holub_protocol.codec import decode, encode
from holub_protocol.desk import BODY_BYTES
from holub_protocol.kinds import KINDS, Class
from holub_protocol.kinds.alert import AlertBody, Verb
from holub_protocol.kinds.board import BoardBody, Cover
from holub_protocol.kinds.endorse import EndorseBody
from holub_protocol.message import Message, Now
from holub_protocol.policy import Policy
from holub_protocol.realm import desk_grant, found, sign_grant
from holub_protocol.refusal import Refusal
from holub_protocol.truth import Level
from support_alerts import DAY_S, Desk
from support_play import NATION, OBLAST, REGION, STEPS, UP, Play, Step, T
from support_realm import START_S, Box, Realm, key, now_at

KEYS = (key("nation"), key("region"), key("region too"))
AUTHORITIES = (NATION, REGION, REGION)
SECOND = key("registrar 2")


class Country(Realm):
    """Two authorities, a nation's and an oblast's, and two registrars."""

    def __post_init__(self) -> None:
        self.second = SECOND
        super().__post_init__()
        authorities = (
            Authority(NATION, 0, "", "", (0,), (0,)),
            Authority(REGION, NATION, "", "", (OBLAST,), (0,)),
        )
        publics = (self.registrar.public, SECOND.public)
        self.first = found("Country", self.root, publics, authorities, self.areas, T - 1000)
        self.id = self.trust().realm_id


COUNTRY = Country()


class Signing(Desk):
    """A desk whose messages are signed, as whoever holds its key may sign them."""

    def __init__(self, identity: Identity, authority: int, made: int = 0) -> None:
        self.identity, self.authority, self.made = identity, authority, made
        self.key, self.kid = identity.public, key_hint(identity.public)

    def message(
        self,
        body: AlertBody | BoardBody | EndorseBody,
        area: int,
        created_s: int,
        lifetime_s: int = DAY_S,
    ) -> Message:
        """Sign a message, k counting up."""
        self.made += 1
        kind = KINDS[{AlertBody: 5, BoardBody: 6, EndorseBody: 7}[type(body)]]
        raw = encode(
            self.identity, COUNTRY.id, kind, created_s=created_s, k=self.made,
            lifetime_s=lifetime_s, area=area, body=body,
        )  # fmt: skip
        message = decode(raw, COUNTRY.id)
        assert isinstance(message, Message)
        return message


def desks() -> list[Desk]:
    """Return the three desks of a play."""
    return [Signing(KEYS[0], NATION), Signing(KEYS[1], REGION), Signing(KEYS[2], REGION)]


def thefts(play: Play, who: int, stolen_s: int, backdated_s: int) -> list[Message]:
    """Return what a thief says with a desk's key: everything is over, and something is on."""
    thief = Signing(KEYS[who], play.desks[who].authority, made=500)
    now_s = stolen_s - backdated_s
    said = []
    for _, message in play.said:
        body = message.body
        if isinstance(body, AlertBody) and body.verb is Verb.START:
            incident = body.incidents[0] if body.incidents else message.id[:8]
            for verb in (Verb.CLEAR, Verb.WITHDRAW):
                said.append(thief.alert(verb, (OBLAST,), now_s, (incident,)))
    others = (desk for place, desk in enumerate(play.desks) if place != who)
    covers = sorted(
        (Cover(d.kid, now_s, 4095) for d in others if d.authority == thief.authority),
        key=lambda cover: cover.kid,
    )
    said.append(thief.message(BoardBody(330, tuple(covers)), OBLAST, now_s + 1))
    said.append(thief.start((OBLAST,), now_s + 2))
    return said


def shown(box: Box, now: Now) -> dict[int, Level]:
    """Return what a node shows of every place."""
    return {place: box.node.truth.status(place, now).level for place in UP}


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(STEPS, st.data())
def test_no_theft_loss_or_reboot_turns_an_alert_green(
    steps: list[Step], data: st.DataObject
) -> None:
    """Once the thief's key is revoked on both its lines, every start that was received, is kept
    and holds is on, whatever the thief said beyond the point and whoever was heard first; what
    it backdated can make a place unknown, never clear; a reboot changes nothing."""
    play = Play(steps, BODY_BYTES, desks())
    stolen_s = T + 7 * len(steps) + 60
    who, backdated_s = data.draw(st.integers(0, 2)), data.draw(st.sampled_from([0, 90]))
    honest = [message for _, message in play.said]
    false = thefts(play, who, stolen_s, backdated_s)
    keep = [m.id for m in honest if m.kid == play.desks[who].kid]
    point = (stolen_s - 31, 4095)
    revokes = [
        COUNTRY.revoke(KEYS[who].public, point, keep, issuer)
        for issuer in (COUNTRY.registrar, SECOND)
    ]
    grants = [
        sign_grant(
            issuer,
            COUNTRY.id,
            desk_grant(identity.public, authority, T + 365 * DAY_S),
            created_s=T - 500,
            k=number,
        )
        for number, (identity, authority) in enumerate(zip(KEYS, AUTHORITIES, strict=True))
        for issuer in (COUNTRY.registrar, SECOND)
    ]
    said = [m.raw for m in (*honest, *false)]
    some = data.draw(st.lists(st.sampled_from([*said, *grants]), max_size=2 * len(said)))
    arriving = data.draw(st.permutations([*some, *revokes, grants[0], grants[2], grants[4]]))
    reboots = data.draw(st.sets(st.integers(0, len(arriving)), max_size=2))
    now = Now(0, stolen_s + 30, True)
    box = Box(COUNTRY, "observer", at_s=now.wall_s - START_S)
    for place, raw in enumerate(arriving):
        if place in reboots:
            box.flush(0)
            box.start(now.wall_s - START_S)
        box.node.offer(raw, now)
    now = Now(2_000_000, now.wall_s + 2, True)
    box.node.wake(now)
    got = frozenset(box.held())
    levels = shown(box, now)
    for _, _, _, area, message_id in play.model.asserted:
        for place, above in UP.items():
            if message_id in got and (area in above or place in UP[area]):
                assert levels[place] is not Level.CLEAR
                if not backdated_s:
                    assert levels[place] is Level.ALERT or area not in above
                    assert levels[place] in (Level.ALERT, Level.PARTLY)
    event(f"levels {sorted({level.value for level in levels.values()})}")
    box.flush(0)
    box.start(now.wall_s - START_S)
    assert shown(box, now) == levels
    assert sorted(box.held()) == sorted(got)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(STEPS, st.data())
def test_a_store_too_small_turns_no_alert_green(steps: list[Step], data: st.DataObject) -> None:
    """Whatever a store had no room for, in whatever order it came, with a flood of one desk's key
    in between and over reboots: no place shows clear where an alert that was received holds."""
    play = Play(steps, BODY_BYTES, desks())
    thief = Signing(KEYS[data.draw(st.integers(1, 2))], REGION, made=500)
    flood = [thief.start((OBLAST,), T + n) for n in range(0, 200, 10)]
    grants = [
        sign_grant(COUNTRY.registrar, COUNTRY.id,
                   desk_grant(identity.public, authority, T + 365 * 86_400), created_s=T - 500, k=n)
        for n, (identity, authority) in enumerate(zip(KEYS, AUTHORITIES, strict=True))
    ]  # fmt: skip
    said = [message.raw for _, message in play.said]
    arriving = data.draw(st.permutations([*said, *said, *(m.raw for m in flood)]))
    reboots = data.draw(st.sets(st.integers(0, len(arriving)), max_size=2))
    now = now_at(T + 7 * len(steps) + 60 - START_S)
    room = data.draw(st.sampled_from([6_000, 8_000, 12_000]))
    box = Box(COUNTRY, "observer", at_s=now.wall_s - START_S, policy=Policy(store_bytes=room))
    assert all(isinstance(box.node.offer(raw, now), bytes) for raw in grants)
    received = set()
    for place, raw in enumerate(arriving):
        if place in reboots:
            box.flush(0)
            box.start(now.wall_s - START_S)
        received.add(box.node.offer(raw, now))
        assert box.node.holdings.held_bytes(Class.ALERT) <= room // 2
    event(f"refused {Refusal.QUOTA in received}")
    gone = [id_ for id_ in received if isinstance(id_, bytes) and id_ not in box.node.holdings]
    event(f"gave up {bool(gone)}")
    for _, _, _, area, message_id in play.model.asserted:
        for place, above in UP.items():
            if message_id in received and (area in above or place in UP[area]):
                level = box.node.truth.status(place, now).level
                assert level is not Level.CLEAR
