"""The table of kinds: complete, within the limits, and as planned."""

import pytest

from holub_crypto.trust import Role
from holub_protocol.kinds import (
    KINDS,
    Bearers,
    Class,
    Kind,
    Readers,
    Topic,
    kind_named,
    topic_of,
)
from holub_protocol.kinds.sealed import SealedBody
from holub_protocol.limits import ALERT_BYTES, COUNTER_MAX, LIFETIME_STEPS_S, MESSAGE_BYTES
from holub_protocol.message import BodyError, Opaque
from support_realm import KYIV, Realm, decoded, key

ROWS = tuple(KINDS.values())


def test_numbers_and_names() -> None:
    """The numbers 1 to 26 are taken, each once and under its own name."""
    assert list(KINDS) == list(range(1, 27))
    assert len({kind.name for kind in ROWS}) == len(ROWS)
    assert all(KINDS[kind.number] is kind for kind in ROWS)


@pytest.mark.parametrize("kind", ROWS, ids=lambda kind: kind.name)
def test_rows_are_within_the_limits(kind: Kind) -> None:
    """No row allows what the wire can't carry, or a lifetime that is not a step."""
    assert kind.lifetime_max_s in LIFETIME_STEPS_S
    assert kind.size_max_bytes <= (ALERT_BYTES if kind.cls is Class.ALERT else MESSAGE_BYTES)
    assert 0 < kind.hourly <= COUNTER_MAX + 1
    assert kind_named(kind.name) is kind
    assert callable(kind.parse)


def test_groups_share_one_row() -> None:
    """Kinds of one group have one cap and one class, else one k could not serve them; only the
    alert group has several kinds."""
    groups: dict[str, list[Kind]] = {}
    for kind in ROWS:
        groups.setdefault(kind.group, []).append(kind)
    assert {name: len(kinds) for name, kinds in groups.items() if len(kinds) > 1} == {"alert": 3}
    for kinds in groups.values():
        assert len({(kind.hourly, kind.cls, kind.signer) for kind in kinds}) == 1


def test_classes_are_in_their_order() -> None:
    """The order in which links serve; grants follow alerts."""
    assert [cls.name for cls in sorted(Class)] == [
        "TRUST", "ALERT", "GRANT", "OFFICIAL", "PEOPLE", "BULK",
    ]  # fmt: skip


def test_nobody_raises_the_urgency_alone() -> None:
    """Only desks speak in class ALERT, only registrars in what trust rests on, and what a relay
    signs for people is never above OFFICIAL."""
    for kind in ROWS:
        if kind.cls is Class.ALERT:
            assert kind.signer is Role.AUTHORITY
        if kind.cls in (Class.TRUST, Class.GRANT) and kind.name != "proof":
            assert kind.signer in (Role.REGISTRAR, Role.GRANTOR)
        if kind.signer is Role.RELAY:
            assert kind.cls >= Class.OFFICIAL


def test_what_is_private_is_sealed() -> None:
    """Bodies that name people, or what they need, are not for all to read."""
    sealed = {kind.name for kind in ROWS if kind.readers is Readers.SEALED}
    assert sealed == {
        "need", "need-medical", "checkin", "request", "reply", "missing", "offer",
    }  # fmt: skip


def test_every_bearer_carries_what_is_urgent() -> None:
    """Alerts and trust may go by serial radio, manifests only where there is room."""
    for kind in ROWS:
        assert (kind.bearers is Bearers.EVERY) == (kind.cls <= Class.GRANT)
    assert kind_named("manifest").bearers is Bearers.ROOMY


def test_known_bodies_are_read_and_others_carried() -> None:
    """What trust, alerts, receipts and payloads rest on has a shape, and what is sealed; other
    kinds keep their fields as they are."""
    shaped = ("receipt", "manifest")
    for kind in ROWS:
        if kind.number <= 7 or kind.name in shaped or kind.readers is Readers.SEALED:
            with pytest.raises(BodyError):
                kind.parse(("junk",))
        else:
            assert kind.parse(("junk",)) == Opaque(("junk",))


def test_a_name_that_is_none() -> None:
    """The error names it and lists the names there are."""
    with pytest.raises(ValueError, match=r"'allert'; the kinds are: grant, revoke, .*status"):
        kind_named("allert")


def test_a_topic_is_bound_to_its_signer_and_kind() -> None:
    """A place is about its id, a relay's health about the relay; a request is about nothing."""
    realm = Realm()

    def topic(kind: str, *fields: str, signer: str = "a") -> int:
        sealed = kind_named(kind).readers is Readers.SEALED
        body = SealedBody(bytes(8), bytes(48)) if sealed else Opaque(fields)
        raw = realm.message(key(signer), kind, body, area=KYIV)
        return topic_of(decoded(realm, raw), key(signer).public)

    assert topic("place", "school", "open") == topic("place", "school", "closed") != 0
    assert topic("place", "school") != topic("place", "clinic")
    assert topic("place", "school") != topic("place", "school", signer="b")
    assert topic("place", "school") != topic("tally", "school")
    assert topic("status", "well") == topic("status", "ill") != 0
    assert topic("request") == topic("checkin") == topic("ballot", "school") == 0
    assert {kind.name for kind in ROWS if kind.topic is not Topic.NONE} == {
        "trust-board", "board", "place", "answer", "tally", "manifest", "status",
    }  # fmt: skip
