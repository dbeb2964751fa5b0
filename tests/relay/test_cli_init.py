"""`holub init`: which file is which, and mistakes with their remedies."""

from pathlib import Path

import pytest

from holub_relay import gate, pinning
from holub_relay.station import read_charter
from support_relay import KYIV, made, ok, ok_json, run


def test_a_new_realm_names_its_files_and_words(tmp_path: Path) -> None:
    """Every file is listed with its use, and the words are those of the realm."""
    text = ok("init", "--data", tmp_path / "a", "--realm", "Місто", "--area", str(KYIV))
    for name in ("charter.cbor", "root-1.key", "registrar.key", "desk.key", "node.key"):
        assert name in text
    shown = ok_json("realm", "show", "--data", tmp_path / "a")
    assert shown["fingerprint"] in text
    assert shown["name"] == "Місто"
    assert ok_json("status", "--data", tmp_path / "a")["area"]["id"] == KYIV


def test_joining_tells_how_to_get_a_grant(tmp_path: Path) -> None:
    """The newcomer's key is in the command that a registrar is asked to run; it works as told."""
    first = made(tmp_path)
    text = ok("init", "--data", tmp_path / "b", "--join", first / "charter.cbor")
    (command,) = [line.split() for line in text.splitlines() if "realm grant" in line]
    ok(*command[1:-1], first)
    key = ok_json("status", "--data", tmp_path / "b")["key"]
    grants = ok_json("list", "--data", first, "--kind", "grant")
    bodies = [ok_json("show", grant["id"], "--data", first)["body"] for grant in grants]
    assert key in [body["grant"]["subject"] for body in bodies]


def test_joining_tells_of_clocks_that_nothing_vouches_for(tmp_path: Path) -> None:
    """Where this one's is not declared, the registrar's may not be either: the grants would be
    refused, so the option is named."""
    first = made(tmp_path)
    join = ("--join", first / "charter.cbor")
    assert "--confirm-clock" in ok("init", "--data", tmp_path / "b", *join)
    assert "--confirm-clock" not in ok("init", "--data", tmp_path / "c", *join, "--clock", "host")


def test_a_far_charter_is_asked_about(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond this machine the words are shown, and only a typed yes pins them."""
    first = made(tmp_path)
    raw = read_charter(first)
    monkeypatch.setattr(pinning, "read_source", lambda _: pinning.Source(raw, False))
    words = ok_json("realm", "show", "--data", first)["fingerprint"]
    join = ("init", "--data", tmp_path / "b", "--join", "https://far.example/c")
    for answer in ("no\n", "\n", "y\n"):
        result = run(*join, stdin=answer)
        assert result.exit_code == 1
        assert words in result.output
        assert not (tmp_path / "b").exists()
    assert run(*join, stdin="yes\n").exit_code == 0


@pytest.mark.parametrize(
    ("words", "told", "code"),
    [
        ((), "--realm NAME or --join", 2),
        (("--realm", "x", "--join", "y"), "choose", 2),
        (("--realm", "x", "--fingerprint", "y"), "belongs to --join", 2),
        (("--realm", " "), "1 to 64 bytes", 2),
        (("--realm", "я" * 40), "1 to 64 bytes", 2),
        (("--realm", "x", "--area", "Львів"), "did you mean", 2),
        (("--join", "nowhere.cbor"), "nowhere.cbor", 3),
        (("--join", __file__), "no charter", 1),
    ],
)
def test_mistakes_are_told(tmp_path: Path, words: tuple[str, ...], told: str, code: int) -> None:
    """Each wrong use has its words and its exit code, and makes nothing."""
    result = run("init", "--data", tmp_path / "a", *words)
    assert told in result.output
    assert result.exit_code == code
    assert not (tmp_path / "a").exists()


def test_a_spare_desk_gets_its_key_and_the_commands_that_grant_it(tmp_path: Path) -> None:
    """Joining with --desk makes a desk's key and prints the grants to ask the registrar for; run
    as told they let it sign. A realm's maker has one already: --desk alone is a mistake."""
    first, spare = made(tmp_path), tmp_path / "spare"
    text = ok("init", "--data", spare, "--join", first / "charter.cbor", "--desk")
    assert (spare / "keys" / "desk.key").stat().st_mode & 0o777 == 0o600
    commands = [line.split() for line in text.splitlines() if "realm grant" in line]
    assert [command[3] for command in commands] == ["--relay", "--desk"]
    for command in commands:
        ok(*command[1:-1], first)
    assert run("init", "--data", tmp_path / "x", "--realm", "R", "--desk").exit_code == 2


def test_a_gate_key_is_made_with_the_realm_only(tmp_path: Path) -> None:
    """`--gate` makes the file and names it; who joins is told where theirs comes from."""
    text = ok("init", "--data", tmp_path / "a", "--realm", "Nova", "--gate")
    assert str(tmp_path / "a" / "keys" / "gate.key") in text
    assert gate.find(tmp_path / "a", "") is not None
    charter = tmp_path / "a" / "charter.cbor"
    result = run("init", "--data", tmp_path / "b", "--join", charter, "--gate")
    assert result.exit_code == 2
    assert "--peer CODE" in result.output
    assert not (tmp_path / "b").exists()


def test_a_bundle_joins_and_brings_its_messages(tmp_path: Path) -> None:
    """One stick is enough: the realm is pinned, and the grants and alerts on it are taken in."""
    first = made(tmp_path)
    ok("alert", "start", "--data", first, "--area", str(KYIV), "--hazard", "fire")
    ok("export", tmp_path / "stick.holub", "--data", first)
    text = ok("init", "--data", tmp_path / "b", "--join", tmp_path / "stick.holub")
    assert "(alert 1, board 1, grant 2)" in text
    assert read_charter(tmp_path / "b") == read_charter(first)
    assert [alert["hazard"] for alert in ok_json("status", "--data", tmp_path / "b")["alerts"]]
