"""The gate key: found where it lies, brought by codes, and what a district with one keeps out."""

import os
import stat
from pathlib import Path

import pytest

from holub_relay import gate, keyfile
from holub_relay.errors import OperatorError
from support_relay import daemon, joined, made, ok, ok_json, run

KEY, OTHER = b"g" * 32, b"h" * 32


def test_without_a_gate_nothing_is_asked_for(tmp_path: Path) -> None:
    """No file and no setting: there is none, and none is made."""
    assert gate.find(tmp_path, "") is None
    assert list(tmp_path.iterdir()) == []


def test_a_gate_is_found_where_it_lies(tmp_path: Path) -> None:
    """In the directory's own place, or in the file of the setting, which must be there."""
    path = gate.make(tmp_path, lambda size: KEY[:size])
    assert path == tmp_path / "keys" / "gate.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert gate.find(tmp_path, "") == KEY
    elsewhere = tmp_path / "other.key"
    with pytest.raises(OperatorError, match=r"other\.key: No such file"):
        gate.find(tmp_path, str(elsewhere))
    keyfile.write(elsewhere, gate.NAME, OTHER)
    assert gate.find(tmp_path, str(elsewhere)) == OTHER
    elsewhere.chmod(0o644)
    with pytest.raises(OperatorError, match="may be read by others"):
        gate.find(tmp_path, str(elsewhere))


def test_a_code_brings_a_gate_once(tmp_path: Path) -> None:
    """Kept where there is none; the same again is no news, another is refused and changes
    nothing."""
    assert gate.find(tmp_path, "", [KEY, KEY]) == KEY
    assert gate.find(tmp_path, "", [KEY]) == KEY
    with pytest.raises(OperatorError, match=r"another gate key than .*gate\.key"):
        gate.find(tmp_path, "", [OTHER])
    with pytest.raises(OperatorError, match="another gate key"):
        gate.find(tmp_path / "empty", "", [KEY, OTHER])
    assert gate.find(tmp_path, "") == KEY


@pytest.mark.slow
def test_a_gate_keeps_out_who_lacks_it_and_a_code_brings_it(tmp_path: Path) -> None:
    """A relay of the realm that only knows the address gets no link; with the join code it does,
    then without one too, and a relay of another district refuses the code."""
    a, b = made(tmp_path), tmp_path / "b"
    gate.make(a, os.urandom)
    joined(tmp_path, a)
    with daemon(a, "--no-discovery") as first:
        answer = ok_json("join-code", "--data", a)
        address = first.status()["daemon"]["listen"]
        assert answer["secret"] is True
        assert "gate key" in ok("join-code", "--data", a)
        with daemon(b, "--no-discovery", "--peer", address) as second:
            first.wait_for(lambda: first.status()["daemon"]["faults"])
            assert first.status()["links"] == second.status()["links"] == []
        for peer in (answer["code"], address):
            with daemon(b, "--no-discovery", "--peer", peer) as second:
                second.wait_for(lambda: any(link["live"] for link in second.status()["links"]))
        gate.path_of(b, "").unlink()
        gate.make(b, os.urandom)
        result = run("relay", "--data", b, "--listen", "127.0.0.1:0", "--page", "off",
                     "--peer", answer["code"])  # fmt: skip
    assert result.exit_code == 1
    assert "another gate key" in result.output
