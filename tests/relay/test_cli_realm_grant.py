"""`holub realm grant`: enrolling relays and desks."""

from pathlib import Path

from support_ceremony import Ceremony, joined_by
from support_relay import KYIV, joined, made, ok, ok_json, run

KEY = "ab" * 32


def test_a_grant_is_signed_as_asked(tmp_path: Path) -> None:
    """Options become the grant; without them a relay gets its role's kinds for a year."""
    data = made(tmp_path)
    plain = ok_json("realm", "grant", "--data", data, "--subject", KEY)["grant"]
    assert (plain["authority"], plain["rate"]) == (0, 1000)
    assert "checkin" in plain["kinds"]
    desk = ok_json(
        "realm", "grant", "--data", data, "--subject", KEY, "--desk", "--kind", "alert",
        "--area", str(KYIV), "--hazard", "fire", "--rate", "5", "--days", "1",
    )["grant"]  # fmt: skip
    assert (desk["authority"], desk["kinds"], desk["hazards"]) == (1, ["alert"], ["fire"])
    assert (desk["rate"], [area["id"] for area in desk["areas"]]) == (5, [KYIV])
    assert "granted" in ok("realm", "grant", "--data", data, "--subject", KEY)


def test_mistakes_are_told(tmp_path: Path) -> None:
    """Wrong keys, kinds and places are named; without the registrar's key nothing is granted."""
    data = made(tmp_path)
    for words, told, code in (
        (("--subject", "xyz"), "is no public key", 2),
        (("--subject", KEY, "--kind", "letter"), "no kind is called 'letter'", 1),
        (("--subject", KEY, "--area", "7"), "no area id", 2),
        (("--subject", KEY, "--desk", "--authority", "4"), "no authority 4", 1),
        (("--subject", KEY, "--days", "0"), "days 0", 2),
    ):
        result = run("realm", "grant", "--data", data, *words)
        assert told in result.output
        assert result.exit_code == code
    result = run("realm", "grant", "--data", joined(tmp_path, data), "--subject", KEY)
    assert "no registrar key" in result.output


def test_a_key_may_be_named_by_its_file(tmp_path: Path) -> None:
    """A registrar of a realm of several people grants what a .pub file names, off-line."""
    ceremony = Ceremony(tmp_path)
    data = joined_by(ceremony.first, tmp_path / "r", "--registrar", tmp_path / "registrar.key")
    ceremony.key("desk")
    answer = ok_json("realm", "grant", "--data", data, "--desk", "--subject", tmp_path / "desk.pub")
    assert answer["grant"]["subject"] == ok_json("key", "show", tmp_path / "desk.key")["public"]


def test_a_desk_passes_its_grant_on(tmp_path: Path) -> None:
    """--depth lets it, --by desk does it: the key below raises an alert where it may, and not
    elsewhere."""
    data, below = made(tmp_path), tmp_path / "below"
    text = ok("init", "--clock", "host", "--data", below, "--join", data / "charter.cbor", "--desk")
    (key,) = [line.split()[5] for line in text.splitlines() if "grant --desk" in line]
    grant = ("realm", "grant", "--data", data, "--desk", "--subject")
    refused = run(*grant, key, "--by", "desk")
    assert "--desk --depth 1" in refused.output
    own = ok_json("realm", "show", "--data", data)["keys"]["desk"]["public"]
    assert "may be passed on, depth 1" in ok(*grant, own, "--depth", "1")
    told = ok(*grant, key, "--by", "desk", "--area", str(KYIV), "--hazard", "fire")
    assert "may be passed on" not in told
    ok("export", tmp_path / "stick.holub", "--data", data)
    ok("import", tmp_path / "stick.holub", "--data", below)
    alert = ("alert", "start", "--data", below, "--hazard", "fire", "--area")
    assert run(*alert, "30281").exit_code == 1
    ok(*alert, str(KYIV))
