"""Making and joining realms: files, fingerprints and grants."""

import os
from pathlib import Path

import pytest

from holub_crypto.trust import Role
from holub_protocol.areas import ukraine
from holub_protocol.kinds import KINDS
from holub_protocol.realm import kinds_of
from holub_relay import realm
from holub_relay.config import Config
from holub_relay.errors import OperatorError
from holub_relay.station import Station, read_charter
from support_relay import KYIV, joined, made


def test_a_new_realm_can_speak(tmp_path: Path) -> None:
    """After `make` the relay and the desk are granted, each what its role signs."""
    made_realm = realm.make(tmp_path / "a", "Nova", Config(store_mib=8), os.urandom)
    assert all(path.exists() for path, _ in made_realm.files)
    assert len(made_realm.words.split()) == 12
    with Station.open(tmp_path / "a") as station:
        trust = station.node.trust
        assert trust.charter.name == "Nova"
        (relay,) = trust.grants(station.identity.public)
        (desk,) = trust.grants(station.desk_key().public)
        assert (relay.authority, desk.authority) == (0, 1)
        assert relay.kinds == kinds_of(Role.RELAY)
        assert all(KINDS[number].signer is Role.AUTHORITY for number in desk.kinds)


def test_a_directory_belongs_to_one_realm(tmp_path: Path) -> None:
    """Neither making nor joining overwrites a realm, or what is left of a set-up."""
    data = made(tmp_path)
    before = read_charter(data)
    with pytest.raises(OperatorError, match="belongs to a realm already"):
        realm.make(data, "Other", Config(), os.urandom)
    with pytest.raises(OperatorError, match="belongs to a realm already"):
        realm.join(data, str(data / "charter.cbor"), Config(), os.urandom)
    assert read_charter(data) == before
    (tmp_path / "half" / "keys").mkdir(parents=True)
    with pytest.raises(OperatorError, match="did not end"):
        realm.make(tmp_path / "half", "Other", Config(), os.urandom)


def test_joining_by_file_pins_the_same_realm(tmp_path: Path) -> None:
    """Both sides have one realm id, and the newcomer has no grant yet."""
    first = made(tmp_path)
    second = joined(tmp_path, first)
    with Station.open(first) as a, Station.open(second) as b:
        assert a.realm_id == b.realm_id
        assert b.node.trust.grants(b.identity.public) == ()


def test_a_wrong_fingerprint_joins_nothing(tmp_path: Path) -> None:
    """Words that differ are refused, both shown, and the directory stays empty."""
    first = made(tmp_path)
    source = str(first / "charter.cbor")
    with pytest.raises(OperatorError, match="somebody gave you a wrong charter") as error:
        realm.join(tmp_path / "b", source, Config(), os.urandom, "vavom " * 12)
    assert "vavom" in str(error.value)
    assert not (tmp_path / "b").exists()


def test_the_right_fingerprint_joins_whatever_its_spacing(tmp_path: Path) -> None:
    """People write words in capitals and with odd spaces."""
    made_realm = realm.make(tmp_path / "a", "Nova", Config(store_mib=8), os.urandom)
    words = "  ".join(made_realm.words.upper().split()) + "\n"
    source = str(tmp_path / "a" / "charter.cbor")
    got = realm.join(tmp_path / "b", source, Config(store_mib=8), os.urandom, words)
    assert got.words == made_realm.words


def test_areas_are_ids_and_names_get_a_hint() -> None:
    """A name is answered with the ids of regions called so."""
    areas = ukraine()
    assert realm.area_of(str(KYIV), areas) == KYIV
    assert realm.area_of("0", areas) == 0
    with pytest.raises(OperatorError, match=rf"did you mean .*{KYIV}"):
        realm.area_of("місто Київ", areas)
    for wrong in ("1", "-5", "9" * 30, "", "Атлантида", "９３３１７"):
        with pytest.raises(OperatorError, match="no area id"):
            realm.area_of(wrong, areas)


@pytest.mark.parametrize("text", ["", "abc", "00" * 31, "zz" * 32, "00" * 33])
def test_subjects_are_whole_keys(text: str) -> None:
    """Only 64 hexadecimal digits are a key."""
    with pytest.raises(OperatorError, match="no public key"):
        realm.subject_of(text)
    assert realm.subject_of("ab" * 32) == b"\xab" * 32
