"""What a charter changes, in words: each thing once, and what takes protection away marked."""

from dataclasses import replace

import pytest

from holub_crypto.charter import Authority, Charter
from holub_protocol.areas import ukraine
from holub_relay.changes import changes, named

AREAS = ukraine()
KEYS = tuple(bytes([number]) * 32 for number in range(1, 8))
CITY = Authority(2, 1, "Місто", "City", (93317,), (1,))
OLD = Charter(
    name="Nova",
    version=1,
    created_s=0,
    previous=b"",
    threshold=2,
    roots=KEYS[:3],
    registrars=KEYS[3:4],
    authorities=(Authority(1, 0, "Усе", "All", (0,), (0,)), CITY),
    registry=AREAS.digest,
    revoked=KEYS[6:],
)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, ["changes nothing but the version and the date"]),
        ({"name": "Novo"}, ["renames the realm from 'Nova' to 'Novo'"]),
        ({"threshold": 3}, ["3 of 3 root keys sign what comes after; it was 2 of 3"]),
        (
            {"roots": KEYS[1:4]},
            [f"adds a root: {named(KEYS[3])}", f"drops a root: {named(KEYS[0])}"],
        ),
        (
            {"registrars": (), "revoked": KEYS[3:4] + KEYS[6:]},
            [f"drops a registrar: {named(KEYS[3])}", f"revokes key {named(KEYS[3])}"],
        ),
        ({"revoked": ()}, [f"! no longer revokes key {named(KEYS[6])}: it may speak again"]),
        (
            {"authorities": (OLD.authorities[0], replace(CITY, areas=(0,), hazards=()))},
            [
                "changes authority 2: 'Місто' / 'City', under authority 1; everywhere; nothing; "
                "it was 'Місто' / 'City', under authority 1; місто Київ (93317); air-raid"
            ],
        ),
        (
            {"authorities": OLD.authorities[:1]},
            ["! drops authority 2, 'City': what it said holds no more"],
        ),
        (
            {"authorities": (*OLD.authorities, replace(CITY, number=3, areas=(7,), parent=0))},
            ["adds authority 3: 'Місто' / 'City'; unknown area 7; air-raid"],
        ),
        (
            {"registry": bytes(32)},
            [
                f"takes another registry of areas: {bytes(32).hex()}, was {AREAS.digest.hex()}",
                "! names another registry of areas than this Holub has",
            ],
        ),
    ],
)
def test_each_change_is_one_sentence(change: dict[str, object], said: list[str]) -> None:
    """What differs is said and nothing else."""
    new = replace(OLD, version=2, previous=bytes(32), **change)  # type: ignore[arg-type]
    assert changes(OLD, new, AREAS) == said


def test_a_first_charter_says_everything() -> None:
    """Its founding, rule, keys, authorities and revoked keys are all there."""
    said = "\n".join(changes(None, OLD, AREAS))
    assert said.startswith("founds the realm 'Nova'\n2 of 3 root keys sign what comes after\n")
    for key in (*OLD.roots, *OLD.registrars, *OLD.revoked):
        assert named(key) in said
    assert "adds authority 1: 'Усе' / 'All'; everywhere; all hazards" in said


def test_keys_are_shown_as_digits_and_words() -> None:
    """Eight bytes of it, both ways, as `holub key show` begins."""
    assert named(bytes(32)) == "0000000000000000 (babab babab babab babab)"
