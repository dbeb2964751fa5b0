"""`holub get`: a payload becomes a file, whole or not at all."""

from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from holub_protocol.payloads.layout import cut
from holub_relay.cli.get import awaited, collected, write
from holub_relay.client import Client
from holub_relay.errors import OperatorError
from support_payload import content
from support_relay import made, ok, ok_json, run

DATA = content(80_000)


@pytest.fixture
def sent(tmp_path: Path) -> tuple[Path, str]:
    """A directory that has a payload, and its id."""
    data, file = made(tmp_path), tmp_path / "f.bin"
    file.write_bytes(DATA)
    return data, ok_json("send", "--file", file, "--data", data, "--confirm-clock")["id"]


def test_got(sent: tuple[Path, str], tmp_path: Path) -> None:
    """The file is byte for byte what was sent; asking again is fine, another file is kept."""
    data, id_ = sent
    target = tmp_path / "out.bin"
    for _ in range(2):
        assert "wrote" in ok("get", id_[:10], "-o", target, "--data", data)
        assert target.read_bytes() == DATA
    target.write_bytes(b"mine")
    result = run("get", id_, "-o", target, "--data", data)
    assert result.exit_code == 1
    assert "choose another name" in result.output
    assert target.read_bytes() == b"mine"
    assert sorted(tmp_path.glob(".*")) == []


def test_unknown(sent: tuple[Path, str], tmp_path: Path) -> None:
    """An id that nothing here has: exit code 3 and how to find one."""
    result = run("get", "00000000", "-o", tmp_path / "x", "--data", sent[0])
    assert result.exit_code == 3
    assert "holub list --kind manifest" in result.output


def test_not_whole_without_a_relay(tmp_path: Path) -> None:
    """Where nothing fetches there is nothing to wait for: how far it is, and what to start."""
    data = made(tmp_path)
    with Client(data) as client:
        id_ = client.call(
            {"do": "payload-send", "name": "n", "media_type": "a/b", "area": "0",
             "bytes": len(DATA), "lists": b64encode(cut(DATA)[0]).decode(), "confirm": True}
        )["id"]  # fmt: skip
    result = run("get", id_, "-o", tmp_path / "x", "--data", data)
    assert result.exit_code == 1
    assert "0 of 81 chunks are here, and no relay runs" in result.output
    assert not (tmp_path / "x").exists()


class Growing:
    """A relay that has one chunk more each time it is asked."""

    daemon = True

    def __init__(self, held: int, chunks: int, room: bool = True) -> None:
        """Begin with `held`."""
        self.answer = {"held": held, "chunks": chunks, "room": room}

    def call(self, request: dict[str, Any]) -> dict[str, Any]:
        """Answer how far it is."""
        assert request["wanted"]
        self.answer = {**self.answer, "held": self.answer["held"] + 1}
        return self.answer


def test_waits_until_it_is_whole() -> None:
    """It asks every half second, and no longer than it may."""
    slept: list[float] = []
    client: Any = Growing(3, 10)
    assert awaited(client, "id", None, lambda: 0.0, slept.append)["held"] == 10
    assert slept == [0.5] * 6
    client = Growing(0, 100)
    slept = []
    with pytest.raises(OperatorError, match="of 100 chunks are here; what has come stays"):
        awaited(client, "id", 3.0, lambda: sum(slept), slept.append)
    assert sum(slept) == 3.0
    client = Growing(0, 100, room=False)
    with pytest.raises(OperatorError, match="raise store_mib"):
        awaited(client, "id", 0.0, lambda: 0.0, slept.append)


class Lying:
    """A relay that gives other chunks than its manifest lists, or lacks one."""

    daemon = True

    def __init__(self, chunks: list[str | None]) -> None:
        """Give these."""
        self.chunks = chunks

    def call(self, request: dict[str, Any]) -> dict[str, Any]:
        """Give all."""
        assert request["first"] == 0
        return {"chunks": self.chunks}


def test_proved_once_more_before_it_is_written() -> None:
    """What is not what the manifest lists never becomes the file."""
    lists, chunks = cut(DATA)
    answer = {"id": "x", "bytes": len(DATA), "lists": b64encode(lists).decode()}
    coded: list[str | None] = [b64encode(chunk).decode() for chunk in chunks]
    client: Any = Lying(coded)
    assert collected(client, answer) == DATA
    client = Lying([*coded[:-1], b64encode(bytes(len(chunks[-1]))).decode()])
    with pytest.raises(OperatorError, match="not those"):
        collected(client, answer)
    client = Lying([*coded[:-1], None])
    with pytest.raises(OperatorError, match="damaged"):
        collected(client, answer)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    """An error of the disk is said in words, and leaves nothing."""
    with pytest.raises(OperatorError, match="can't write"):
        write(tmp_path / "none" / "x", b"x")
