"""`holub relay`: what it decides before the daemon runs."""

import os
from pathlib import Path

import pytest

from holub_relay import config, daemon, demo, realm
from holub_relay.cli.relay import free_demo_dir
from holub_relay.config import Config
from holub_relay.lockfile import DataLock
from support_relay import KYIV, made, run

Ran = list[tuple[Path, Config]]


@pytest.fixture
def ran(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ran:
    """Directory and settings of each daemon that would run; nothing runs."""
    found: Ran = []
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(daemon, "run", lambda data, config, *_: found.append((data, config)))
    return found


def test_options_override_the_file(tmp_path: Path, ran: Ran) -> None:
    """The command line wins for this run, and the file stays as it was."""
    data = made(tmp_path, listen="127.0.0.1:1", peers=("a:1",))
    options = ("--peer", "b:2", "--peer", "c:3", "--no-discovery", "--clock", "unknown")
    assert run("relay", "--data", data, *options, "--page", "off").exit_code == 0
    ((_, got),) = ran
    assert (got.listen, got.peers, got.page) == ("127.0.0.1:1", ("b:2", "c:3"), "off")
    assert (got.discovery, got.clock, got.area) == (False, "unknown", KYIV)
    assert config.load(data).peers == ("a:1",)


def test_an_empty_directory_becomes_a_realm_or_joins_one(tmp_path: Path, ran: Ran) -> None:
    """With init's options `relay` does what `init` does, then runs."""
    first = run("relay", "--data", "a", "--realm", "Nova", "--area", str(KYIV))
    assert first.exit_code == 0, first.output
    second = run("relay", "--data", "b", "--join", "a/charter.cbor")
    assert second.exit_code == 0, second.output
    assert [data.name for data, _ in ran] == ["a", "b"]
    assert not ran[0][1].demo
    assert (tmp_path / "a" / "charter.cbor").exists()


def test_an_empty_directory_alone_is_a_demo(ran: Ran) -> None:
    """Without any option it joins the machine's demo realm, on loopback only."""
    assert run("relay", "--data", "x").exit_code == 0
    assert run("relay", "--demo").exit_code == 0
    for data, got in ran:
        assert got.demo
        assert got.listen == "127.0.0.1:0"
        assert got.page.startswith("127.0.0.1:")
        assert (data / "charter.cbor").read_bytes() == demo.charter()
    assert ran[1][0] == Path(".holub/relay-1")


def test_each_demo_takes_the_first_free_directory(tmp_path: Path, ran: Ran) -> None:
    """One that runs is passed over, one that has stopped is taken up again, and one of a demo
    realm that is gone is left alone."""
    base = tmp_path / ".holub"
    for _ in range(2):
        assert run("relay", "--demo").exit_code == 0
    assert [data.name for data, _ in ran] == ["relay-1", "relay-1"]
    with DataLock(base / "relay-1"):
        assert run("relay", "--demo").exit_code == 0
    assert ran[-1][0].name == "relay-2"
    demo.directory().rename(tmp_path / "elsewhere")
    assert free_demo_dir(base).name == "relay-3"


@pytest.mark.parametrize(
    ("words", "told", "code"),
    [
        ((), "--data DIR, or --demo", 2),
        (("--data", "a", "--realm", "x"), "belongs to a realm already", 1),
        (("--data", "a", "--demo"), "real realm", 1),
        (("--data", "n", "--demo", "--realm", "x"), "realm of its own", 1),
        (("--data", "a", "--listen", "here"), "'here' is not HOST:PORT", 1),
        (("--data", "a", "--page", "x:y"), "'x:y' is not HOST:PORT", 1),
        (("--data", "a", "--peer", "x"), "'x' is not HOST:PORT", 1),
        (("--data", "a", "--clock", "gps"), "gps", 2),
        (("--data", "a", "--area", "Львів"), "did you mean", 2),
    ],
)
def test_mistakes_are_told(
    tmp_path: Path, ran: Ran, words: tuple[str, ...], told: str, code: int
) -> None:
    """Each wrong use has its words and its exit code, and no daemon runs."""
    realm.make(tmp_path / "a", "Nova", Config(store_mib=8), os.urandom)
    result = run("relay", *words)
    assert told in result.output
    assert result.exit_code == code
    assert ran == []
