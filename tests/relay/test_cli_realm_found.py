"""`holub realm init`: a realm of several people, on one machine or by a request."""

from pathlib import Path

import pytest

from holub_relay import keyfile
from support_ceremony import Ceremony, joined_by
from support_relay import ok, ok_json, run


def test_one_machine_makes_all_keys(tmp_path: Path) -> None:
    """N root keys and two registrars' under a passphrase, and a charter that relays join by."""
    secret = tmp_path / "passphrase"
    secret.write_text("correct horse battery")
    secret.chmod(0o600)
    folder = tmp_path / "city"
    text = ok("realm", "init", "--name", "Місто", "--keys", "3", "--threshold", "2",
              "--dir", folder, "--passphrase-file", secret)  # fmt: skip
    names = ["registrar-1", "registrar-2", "root-1", "root-2", "root-3"]
    assert sorted(path.stem for path in folder.glob("*.key")) == names
    assert all(keyfile.read(path).sealed for path in folder.glob("*.key"))
    shown = ok_json("realm", "verify", folder / "charter.cbor")
    assert shown["fingerprint"] in text
    assert "█" in text
    assert len(shown["versions"][0]["signed"]) == 3
    data = joined_by(folder / "charter.cbor", tmp_path / "a")
    realm = ok_json("realm", "show", "--data", data)
    assert (realm["threshold"], len(realm["roots"]), len(realm["registrars"])) == (2, 3, 2)


def test_keys_may_stay_with_their_holders(tmp_path: Path) -> None:
    """From public halves comes a request, which two of three sign on machines of their own."""
    ceremony = Ceremony(tmp_path)
    shown = ok_json("realm", "verify", ceremony.first)
    signed = sorted(ceremony.public[name] for name in ("mayor", "fire"))
    assert sorted(shown["versions"][0]["signed"]) == signed
    assert ceremony.words(tmp_path / "charter-1.request") == shown["fingerprint"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--keys", "2"), "--keys N and --dir DIR, or --root KEY"),
        (("--dir", "x", "--keys", "1", "--root", "ab" * 32), "--keys N and --dir DIR, or --root"),
        (("--root", "xyz"), "no public key"),
        (("--root", "ab" * 32, "--root", "cd" * 32), "1 of 2 root keys: more than half"),
        (("--dir", "x", "--keys", "5", "--no-passphrase"), "1 of 5 root keys: more than half"),
        (("--root", "ab" * 32, "--area", "Київ"), "no area id"),
    ],
)
def test_mistakes_make_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], told: str
) -> None:
    """Each is told with the exit code of wrong use, before any key is made."""
    monkeypatch.chdir(tmp_path)
    result = run("realm", "init", "--name", "Nova", "--threshold", "1", *words)
    assert told in result.output
    assert result.exit_code == 2
    assert list(tmp_path.iterdir()) == []
