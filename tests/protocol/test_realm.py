"""Founding a realm: what is founded is a realm, what is granted is allowed."""

import pytest

from holub_crypto.charter import EVERYWHERE, Authority, CharterError
from holub_crypto.trust import Ask, Granted, Role, Trust
from holub_protocol.codec import decode
from holub_protocol.kinds import KINDS, Class, kind_named
from holub_protocol.kinds.grant import GrantBody
from holub_protocol.message import Message
from holub_protocol.realm import (
    GRANT_RATE,
    desk_grant,
    found,
    grant_lifetime_s,
    kinds_of,
    relay_grant,
    sign_grant,
)
from support_realm import AIR_RAID, KYIV, KYIV_OBLAST, START_S, key, registry

CITY = Authority(1, 0, "Місто Київ", "City of Kyiv", (KYIV,), (0,))
ROOT, REGISTRAR, DESK = key("root"), key("registrar"), key("desk")
END_S = START_S + 86_400


def founded(*registrars: bytes) -> Trust:
    """Found a realm of one city and return trust in it."""
    first = found("Test", ROOT, registrars or (REGISTRAR.public,), (CITY,), registry(), START_S)
    return Trust(first, registry().covers)


def test_a_founded_realm_is_trusted() -> None:
    """Charter 1 is signed by its root, and says what was given."""
    charter = founded().charter
    assert (charter.name, charter.version, charter.created_s) == ("Test", 1, START_S)
    assert (charter.roots, charter.threshold) == ((ROOT.public,), 1)
    assert charter.registrars == (REGISTRAR.public,)
    assert charter.authorities == (CITY,)
    assert charter.registry == registry().digest


def test_registrars_may_come_in_any_order() -> None:
    """A charter lists keys ascending; who founds a realm need not know."""
    keys = (REGISTRAR.public, DESK.public)
    assert founded(*keys).realm_id == founded(*reversed(keys)).realm_id


def test_what_no_charter_may_hold_is_refused() -> None:
    """An authority of a parent that is not there."""
    orphan = Authority(2, 1, "", "", (KYIV,), (0,))
    with pytest.raises(CharterError, match="unknown parent 1"):
        found("Test", ROOT, (REGISTRAR.public,), (orphan,), registry(), START_S)


def test_kinds_of_roles_share_nothing() -> None:
    """Each kind has one role that signs it, and each role's list ascends."""
    lists = [kinds_of(role) for role in Role]
    assert sorted(number for numbers in lists for number in numbers) == sorted(KINDS)
    assert all(list(numbers) == sorted(numbers) for numbers in lists)


def test_a_desks_grant_reaches_as_far_as_it_says() -> None:
    """Everywhere and everything by default; kinds, areas and hazards narrow it."""
    whole = desk_grant(DESK.public, 1, END_S)
    assert (whole.kinds, whole.cls) == (kinds_of(Role.AUTHORITY), Class.ALERT)
    assert (whole.areas, whole.hazards, whole.rate) == ((EVERYWHERE,), (0,), GRANT_RATE)
    less = desk_grant(
        DESK.public, 1, END_S, kinds=(19, 8), areas=(KYIV, KYIV_OBLAST), hazards=(7, 2), rate=5
    )
    assert (less.kinds, less.cls, less.rate) == ((8, 19), Class.OFFICIAL, 5)
    assert (less.areas, less.hazards) == ((KYIV_OBLAST, KYIV), (2, 7))
    with pytest.raises(KeyError):
        desk_grant(DESK.public, 1, END_S, kinds=(99,))


def test_a_relays_grant_is_for_no_authority() -> None:
    """It may sign all that relays sign, and nothing more urgent."""
    grant = relay_grant(DESK.public, END_S)
    assert (grant.authority, grant.kinds) == (0, kinds_of(Role.RELAY))
    assert grant.cls == Class.OFFICIAL


def test_a_signed_grant_lets_its_key_speak() -> None:
    """The message is well formed, the registrar's, and outlives what it allows."""
    trust = founded()
    grant = desk_grant(DESK.public, 1, END_S)
    raw = sign_grant(REGISTRAR, trust.realm_id, grant, created_s=START_S, k=3)
    message = decode(raw, trust.realm_id)
    assert isinstance(message, Message)
    assert message.body == GrantBody(grant)
    assert message.point == (START_S, 3)
    assert message.expires_s >= END_S
    trust.add_grant(message.id, grant, REGISTRAR.public, message.created_s)
    alert = kind_named("alert")
    ask = Ask(DESK.public, alert.signer, alert.number, alert.cls, AIR_RAID, 0, (KYIV,), START_S)
    assert trust.may(ask) == Granted(1, GRANT_RATE, END_S)


def test_a_grant_about_to_end_still_travels() -> None:
    """Its message lives a minute at least, else no relay would take it."""
    grant = relay_grant(DESK.public, END_S)
    assert grant_lifetime_s(grant, END_S - 3600) == 3600
    assert grant_lifetime_s(grant, END_S + 5) == 60
