"""`holub send`: a file becomes a payload of this node."""

from pathlib import Path

import pytest

from holub_protocol.limits import PAYLOAD_BYTES
from support_payload import content
from support_relay import made, ok, ok_json, run


def test_sent(tmp_path: Path) -> None:
    """The file's name and kind are told, the id is printed, and every chunk is on disk."""
    data, file = made(tmp_path), tmp_path / "Мапа.png"
    file.write_bytes(content(100_000))
    told = ok("send", "--file", file, "--data", data, "--confirm-clock")
    assert "sent     Мапа.png, 100000 bytes, image/png" in told
    (listed,) = ok_json("list", "--data", data, "--kind", "manifest")
    assert listed["id"] in told
    payload = listed["payload"]
    assert payload["held"] == payload["chunks"] == 100
    assert "100000 B, whole" in ok("list", "--data", data)
    assert "1 whole" in ok("status", "--data", data)


def test_sent_again_is_the_same_and_a_new_version_replaces_it(tmp_path: Path) -> None:
    """The same command twice announces once; other content of that name takes its place."""
    data, file = made(tmp_path), tmp_path / "help.html"
    words = ("send", "--file", file, "--data", data, "--name", "Help", "--confirm-clock")
    file.write_bytes(content(5000))
    first = ok_json(*words)
    assert ok_json(*words)["id"] == first["id"]
    file.write_bytes(content(6000))
    second = ok_json(*words)
    assert second["id"] != first["id"]
    listed = ok_json("list", "--data", data, "--kind", "manifest")
    assert [message["id"] for message in listed] == [second["id"]]


@pytest.mark.parametrize(("size", "text"), [(0, "has nothing"), (PAYLOAD_BYTES + 1, "more than")])
def test_sizes_that_do_not_go(tmp_path: Path, size: int, text: str) -> None:
    """Nothing, and more than the bound, are refused with the bound."""
    file = tmp_path / "f"
    file.write_bytes(bytes(size))
    result = run("send", "--file", file, "--data", made(tmp_path))
    assert result.exit_code == 1
    assert text in result.output


def test_no_such_file(tmp_path: Path) -> None:
    """A file that is not there is said by name, exit code 3."""
    result = run("send", "--file", tmp_path / "nothing", "--data", made(tmp_path))
    assert result.exit_code == 3
    assert "nothing" in result.output
