"""Alarms in words: both rivals by their words, both machines by their addresses."""

from pathlib import Path

from holub_crypto.trust import Trust
from holub_relay import alarms
from holub_relay.page.texts import ALARMS
from holub_relay.twins import Twin
from support_ceremony import Ceremony


def test_rivals_are_named_by_their_words(tmp_path: Path) -> None:
    """None without a fork; with one, both words and the version that is followed."""
    ceremony = Ceremony(tmp_path)
    good, evil = ceremony.rotated("good.cbor"), ceremony.rotated("evil.cbor")
    first = ceremony.first.read_bytes()
    trust = Trust(first, lambda _scope, _area: False)
    assert alarms.forks(trust) == ()
    for file in (good, evil):
        trust.add_charter(file.read_bytes()[len(first) :])
    (alarm,) = alarms.forks(trust)
    assert alarm["token"] == alarms.FORKED
    for said in (ceremony.words(good), ceremony.words(evil), "stays on version 1"):
        assert said in alarm["text"]


def test_both_machines_are_named() -> None:
    """For our own key and for another's; IPv6 in brackets."""
    twin = Twin(bytes(32), (("10.0.0.1", 5), ("fe80::1%eth0", 6)), own=True)
    alarm = alarms.duplicate(twin)
    assert alarm["addresses"] == ["10.0.0.1:5", "[fe80::1%eth0]:6"]
    assert "this one is at 10.0.0.1:5, the other at [fe80::1%eth0]:6" in alarm["text"]
    other = alarms.duplicate(Twin(bytes(32), twin.addresses, own=False))
    assert "key 0000000000000000 (babab babab babab babab) is on two machines" in other["text"]


def test_the_page_has_words_for_each() -> None:
    """In both languages."""
    assert set(ALARMS) == {alarms.FORKED, alarms.TWIN}
    assert all(text.say("uk") != text.say("en") for text in ALARMS.values())
