"""`holub realm verify`: what a file is, who signed it, and how it stands to what one trusts."""

from pathlib import Path

import pytest

from support_ceremony import Ceremony
from support_relay import ok, ok_json, run


@pytest.fixture(scope="module")
def ceremony(tmp_path_factory: pytest.TempPathFactory) -> Ceremony:
    """A realm with a rotation, and a rival of that."""
    made = Ceremony(tmp_path_factory.mktemp("realm"))
    made.rotated("two.cbor")
    made.rotated("evil.cbor")
    return made


@pytest.mark.parametrize(
    ("file", "against", "relation", "told"),
    [
        ("charter-1.cbor", "charter-1.cbor", "same", "it is the charter that you trust"),
        ("two.cbor", "charter-1.cbor", "newer", "in all: drops a root"),
        ("charter-1.cbor", "two.cbor", "older", "! it is one OLDER than yours, version 2"),
        ("evil.cbor", "two.cbor", "rival", "! it is a RIVAL of yours, version 2; both are signed"),
        ("two.cbor.request", "charter-1.cbor", "same", "it starts from the charter that you"),
        ("two.cbor.request", "two.cbor", "older", "signed, it would rival yours"),
    ],
)
def test_a_file_is_compared_with_what_one_trusts(
    ceremony: Ceremony, file: str, against: str, relation: str, told: str
) -> None:
    """Same, newer, older and rival are told apart, for charters and for requests."""
    words = ("realm", "verify", ceremony.folder / file, "--against", ceremony.folder / against)
    assert ok_json(*words)["against"] == relation
    assert told in ok(*words)


def test_a_charter_tells_its_history(ceremony: Ceremony) -> None:
    """Every version: what it changed, and which keys signed it."""
    shown = ok_json("realm", "verify", ceremony.folder / "two.cbor")
    assert [len(version["signed"]) for version in shown["versions"]] == [2, 2]
    assert shown["against"] is None
    text = ok("realm", "verify", ceremony.folder / "two.cbor", "--qr")
    assert text.index("version 1, made") < text.index("version 2, made")
    assert "█" in text


def test_signatures_are_checked_beside_their_request(ceremony: Ceremony) -> None:
    """One of two old ones is counted; one of another draft is an error."""
    folder = ceremony.folder
    shown = ok_json("realm", "verify", folder / "two.cbor.request",
                    folder / "two.cbor.fire.signature")  # fmt: skip
    assert [len(side["signed"]) for side in shown["signatures"]] == [1, 1]
    wrong = run("realm", "verify", folder / "two.cbor.request",
                folder / "evil.cbor.fire.signature")  # fmt: skip
    assert "for another charter than this request" in wrong.output
    charter = run("realm", "verify", folder / "two.cbor", folder / "two.cbor.fire.signature")
    assert "leave SIGNATURE out" in charter.output


def test_another_realm_is_no_comparison(tmp_path: Path, ceremony: Ceremony) -> None:
    """Its charters are neither older nor newer."""
    other = Ceremony(tmp_path)
    result = run("realm", "verify", other.first, "--against", ceremony.first)
    assert "of another realm" in result.output
