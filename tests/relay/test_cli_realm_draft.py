"""`holub realm enrol`, `rotate` and `revoke`: what is requested, and what is refused at once."""

from pathlib import Path

import pytest

from support_ceremony import Ceremony
from support_relay import ok, ok_json, run


@pytest.fixture(scope="module")
def ceremony(tmp_path_factory: pytest.TempPathFactory) -> Ceremony:
    """A realm of three holders; its tests write under names of their own."""
    return Ceremony(tmp_path_factory.mktemp("realm"))


def test_a_request_is_amended_in_place(tmp_path: Path, ceremony: Ceremony) -> None:
    """One ceremony carries a new authority, a registrar less and a key revoked."""
    out = tmp_path / "next.request"
    registrar = ceremony.public["registrar"]
    ok("realm", "enrol", ceremony.first, "--out", out, "--authority", "2", "--parent", "1",
       "--name-uk", "Місто", "--name-en", "City", "--area", "93317",
       "--hazard", "fire")  # fmt: skip
    text = ok("realm", "revoke", out, "--key", registrar, "--key", "ab" * 32)
    assert text.startswith(f"wrote   {out}\n")
    shown = ok_json("realm", "verify", out)
    assert shown["version"] == 2
    said = [line.split()[0] for line in shown["changes"]]
    assert said == ["drops", "adds", "revokes", "revokes"]
    assert list(tmp_path.iterdir()) == [out]


def test_an_authority_is_changed_and_dropped(tmp_path: Path, ceremony: Ceremony) -> None:
    """Only what is given changes; dropping one is marked for whoever signs."""
    out = tmp_path / "next.request"
    ok("realm", "enrol", ceremony.first, "--out", out, "--authority", "1", "--name-en", "Air")
    (change,) = ok_json("realm", "verify", out)["changes"]
    assert change.startswith("changes authority 1: 'Nova' / 'Air'; everywhere; all hazards")
    ok("realm", "enrol", out, "--no-authority", "1")
    (change,) = ok_json("realm", "verify", out)["changes"]
    assert change == "! drops authority 1, 'Nova': what it said holds no more"


def test_rotation_says_who_must_sign(tmp_path: Path, ceremony: Ceremony) -> None:
    """Two of the old and two of the new root keys."""
    answer = ok_json("realm", "rotate", ceremony.first, "--out", tmp_path / "r", "--add", "ab" * 32,
                     "--drop", ceremony.public["power"])  # fmt: skip
    sides = [(side["of"], side["needed"], len(side["missing"])) for side in answer["signatures"]]
    assert sides == [("old", 2, 3), ("new", 2, 3)]
    assert answer["complete"] is False


def test_undoing_is_marked(tmp_path: Path, ceremony: Ceremony) -> None:
    """A revoked key may be trusted again, by the same many signatures and with a warning."""
    out = tmp_path / "r"
    ok("realm", "revoke", ceremony.first, "--out", out, "--key", "ab" * 32)
    second = ceremony.signed(out, "mayor", "fire", out=f"{tmp_path.name}.cbor")
    answer = ok_json("realm", "revoke", second, "--undo", "--key", "ab" * 32, "--out", f"{out}2")
    assert answer["changes"][0].startswith("! no longer revokes key abababababababab")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("enrol", "--registrar", "REGISTRAR"), "is a registrar already"),
        (("enrol", "--no-registrar", "ab" * 32), "is no registrar; there are: "),
        (("enrol", "--authority", "2"), "authority 2 is new: it needs --name-uk and --name-en"),
        (("enrol", "--area", "93317"), "belong to --authority"),
        (("enrol", "--no-authority", "7"), "there are [1]"),
        (("enrol", "--authority", "1", "--hazard", "dragons"), "no hazard is called 'dragons'"),
        (("enrol", "--authority", "1", "--parent", "1"), "comes before its parent"),
        (("rotate", "--drop", "ab" * 32), "is no root key; there are: "),
        (("rotate", "--threshold", "1"), "1 of 3 root keys: more than half"),
        (("revoke", "--key", "MAYOR"), "is a root key: `holub realm rotate"),
        (("revoke", "--undo", "--key", "ab" * 32), "is no revoked key; there are: none"),
    ],
)
def test_mistakes_are_told(
    tmp_path: Path, ceremony: Ceremony, words: tuple[str, ...], told: str
) -> None:
    """Each names the value and what there is; no request is written."""
    verb, *rest = words
    rest = [ceremony.public.get(word.lower(), word) for word in rest]
    result = run("realm", verb, ceremony.first, *rest, "--out", tmp_path / "r")
    assert told in result.output
    assert result.exit_code in (1, 2)
    assert list(tmp_path.iterdir()) == []
