"""`holub realm`: who is who, and enrolling."""

from pathlib import Path

from support_relay import KYIV, joined, made, ok, ok_json, run

KEY = "ab" * 32


def test_show_names_keys_and_grants(tmp_path: Path) -> None:
    """Name, fingerprint, registrar and what the desk may do."""
    data = made(tmp_path)
    text = ok("realm", "show", "--data", data)
    shown = ok_json("realm", "show", "--data", data)
    assert shown["fingerprint"] in text
    assert shown["registrars"][0] in text
    assert "for authority 1: alert, board" in text


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
        (("--subject", "xyz"), "no public key", 2),
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
