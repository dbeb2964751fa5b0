"""`holub realm revoke` and `vouch`: a registrar's word, or a request for a charter."""

from pathlib import Path

import pytest

from holub_relay.cli.realm.revoke import second_of
from holub_relay.errors import OperatorError
from support_ceremony import Ceremony
from support_relay import daemon, joined, made, ok, ok_json, run


def test_a_registrars_word_silences_a_key(tmp_path: Path) -> None:
    """Named by its file or its digits; the status counts it and the trust list agrees."""
    data = made(tmp_path)
    desk = data / "keys" / "desk.key"
    text = ok("realm", "revoke", "--data", data, "--key", desk, "--since", "2020-01-01T00:00Z")
    assert "stays    0 messages" in text
    assert "1 revoked" in ok("status", "--data", data)
    alert = run("alert", "start", "--data", data, "--area", "93317", "--hazard", "fire")
    assert alert.exit_code == 1
    assert "is revoked, and no grant revives it" in alert.output
    assert "revocations 1" in ok("realm", "vouch", "--data", data)
    assert ok_json("realm", "vouch", "--data", data)["charter"] == 1


def test_a_file_makes_a_request(tmp_path: Path) -> None:
    """The same verb with a charter asks the holders of the root keys."""
    ceremony = Ceremony(tmp_path)
    answer = ok_json("realm", "revoke", ceremony.first, "--key", "ab" * 32)
    assert answer["changes"] == ["revokes key abababababababab (povor povor povor povor)"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "--data DIR, for a registrar's word, or FILE"),
        (("FILE", "--since", "2026-11-22T10:00Z"), "--since and --by belong to --data"),
        (("--data", "DIR", "--undo"), "--undo and --out belong to FILE"),
        (("--data", "DIR", "--key", "cd" * 32), "it revokes one --key"),
        (("--data", "DIR", "--since", "noon"), "'noon' is no time; write it as 20"),
    ],
)
def test_contradictions_are_told(tmp_path: Path, words: tuple[str, ...], told: str) -> None:
    """Each with the exit code of wrong use; nothing is signed."""
    data = made(tmp_path)
    places = {"DIR": str(data), "FILE": str(data / "charter.cbor")}
    given = [places.get(word, word) for word in words]
    result = run("realm", "revoke", "--key", "ab" * 32, *given)
    assert told in " ".join(result.output.split())
    assert result.exit_code == 2


def test_times_are_read_as_people_write_them() -> None:
    """ISO 8601 with a zone, Unix seconds, and an error that shows the form."""
    assert second_of("2026-11-22T10:40Z") == second_of("2026-11-22T12:40+02:00") == 1_795_344_000
    assert second_of("1795344000") == 1_795_344_000
    with pytest.raises(OperatorError, match="is no time"):
        second_of("yesterday")


@pytest.mark.slow
def test_a_running_registrar_vouches_by_itself(tmp_path: Path) -> None:
    """A neighbour sees as of when its trust list is, and a revocation within seconds."""
    first = made(tmp_path)
    second = joined(tmp_path, first)
    with daemon(first, "--no-discovery", "--clock", "host") as registrar:
        address = registrar.status()["daemon"]["listen"]
        with daemon(second, "--no-discovery", "--clock", "host", "--peer", address) as other:
            other.wait_for(lambda: other.status()["trust"]["as_of_s"])
            ok("realm", "revoke", "--data", first, "--key", first / "keys" / "desk.key")
            other.wait_for(lambda: other.status()["trust"]["revocations"] == 1)
            assert not other.status()["trust"]["withheld"]
