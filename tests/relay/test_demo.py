"""The demo realm of a machine: where it lies, and who gets granted in it."""

import os
from pathlib import Path

import pytest

from holub_relay import demo
from holub_relay.config import Config
from holub_relay.station import Station


def test_trial_relays_share_the_demo_realm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first makes the realm at the documented place, the second joins it, both may speak."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    assert demo.charter() is None
    config = Config(area=demo.AREA, demo=True, store_mib=8)
    for name in ("one", "two"):
        demo.join_relay(tmp_path / name, config, os.urandom)
        demo.enrol_relay(tmp_path / name, os.urandom)
    assert (tmp_path / "state" / "holub" / "demo-realm" / "charter.cbor").exists()
    with Station.open(tmp_path / "one") as one, Station.open(tmp_path / "two") as two:
        assert one.realm_id == two.realm_id
        assert one.desk_key().public != two.desk_key().public
        assert one.config.demo
        for station in (one, two):
            assert station.node.trust.grants(station.identity.public)


def test_enrolling_again_signs_nothing_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each start of a trial relay asks, but only a missing grant is signed."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    demo.join_relay(tmp_path / "one", Config(demo=True, store_mib=8), os.urandom)
    for _ in range(2):
        demo.enrol_relay(tmp_path / "one", os.urandom)
        with Station.open(tmp_path / "one") as station:
            assert len(station.node.trust.grants(station.desk_key().public)) == 1


def test_the_demo_realm_lies_in_the_home_without_xdg(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A relative or missing XDG_STATE_HOME is no place (XDG base directories, 0.8)."""
    monkeypatch.setenv("HOME", str(tmp_path))
    expected = tmp_path / ".local" / "state" / "holub" / "demo-realm"
    for value in ("", "relative"):
        monkeypatch.setenv("XDG_STATE_HOME", value)
        assert demo.directory() == expected
