"""`holub export`: a whole file or none, and the number to go on from."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from holub_protocol import bundle
from holub_protocol.bundle import BundleReader, Record
from holub_relay.cli import export as verb
from holub_relay.errors import OperatorError
from support_relay import KYIV, made, ok, ok_json, run


def records(file: Path) -> list[Record]:
    """Return the records of a file that must be whole."""
    reader, found = BundleReader(), []
    reader.feed(file.read_bytes())
    reader.close()
    while (record := reader.next()) is not None:
        found.append(record)
    report = reader.report()
    assert (report.damaged, report.missing, report.ended) == (0, 0, True)
    return found


def alert(data: Path, hazard: str = "air-raid") -> str:
    """Start an alert; return its id."""
    words = ("alert", "start", "--data", data, "--area", str(KYIV), "--hazard", hazard)
    return str(ok_json(*words)["id"])


def test_a_file_has_all_that_is_held_chain_first(tmp_path: Path) -> None:
    """The charter begins, then grants, then alerts and boards; sizes are as told."""
    data, file = made(tmp_path), tmp_path / "x.holub"
    alert(data)
    answer = ok_json("export", "--data", data, file)
    raws = [record.raw for record in records(file)]
    held = {row["id"]: row["kind"] for row in ok_json("list", "--data", data)}
    shown = {bytes.fromhex(ok_json("show", id_, "--data", data)["raw"]): held[id_] for id_ in held}
    kinds = [shown[raw] for raw in raws]
    assert kinds[0] == "charter"
    assert kinds[1:3] == ["grant", "grant"]
    assert sorted(kinds[3:]) == ["alert", "board"]
    assert len(kinds) == len(held) == answer["messages"]
    assert answer["bytes"] == file.stat().st_size
    assert answer["left_out"] == 0
    assert [path.name for path in tmp_path.iterdir() if ".part" in path.name] == []


def test_since_goes_on_where_the_last_file_ended(tmp_path: Path) -> None:
    """The second file has what came after the first, with its chain; a third has the chain of
    nothing, so only the charter; the text names the number."""
    data, file = made(tmp_path), tmp_path / "x.holub"
    alert(data)
    first = ok_json("export", "--data", data, file)["next_since"]
    fire = alert(data, "fire")
    second = ok_json("export", "--data", data, file, "--since", str(first))
    raws = [record.raw for record in records(file)]
    assert bytes.fromhex(ok_json("show", fire, "--data", data)["raw"]) in raws
    text = ok("export", "--data", data, file, "--since", str(second["next_since"]))
    assert len(records(file)) == 1
    assert f"--since {second['next_since']}" in text
    result = run("export", "--data", data, file, "--since", "100000")
    assert result.exit_code == 2
    assert "--since 100000" in result.output


def test_room_is_kept_and_what_is_left_out_is_told(tmp_path: Path) -> None:
    """The file is no larger than asked, has the newest alert, and the rest is counted."""
    data, file = made(tmp_path), tmp_path / "x.holub"
    ids = [alert(data, hazard) for hazard in ("air-raid", "fire", "flood", "air-raid", "fire")]
    whole = ok_json("export", "--data", data, file)
    assert whole["bytes"] > 1024
    cut = ok_json("export", "--data", data, file, "--max-bytes", "1024")
    assert cut["bytes"] == file.stat().st_size <= 1024
    assert cut["left_out"] + cut["messages"] == whole["messages"]
    raws = [record.raw for record in records(file)]
    assert bytes.fromhex(ok_json("show", ids[-1], "--data", data)["raw"]) in raws
    text = ok("export", "--data", data, file, "--max-bytes", "1024")
    assert f"left out for want of room: {cut['left_out']}" in text
    assert "--since 0 and more room" in text
    assert run("export", "--data", data, file, "--max-bytes", "9").exit_code == 2


def test_what_is_no_export_is_not_replaced(tmp_path: Path) -> None:
    """A typing mistake costs no photograph, no link and no directory."""
    data = made(tmp_path)
    photo, link, folder = tmp_path / "photo", tmp_path / "link", tmp_path / "folder"
    photo.write_bytes(b"\x89PNG\r\n")
    link.symlink_to(photo)
    folder.mkdir()
    for target in (photo, link, folder, data / "store.db"):
        result = run("export", "--data", data, target)
        assert result.exit_code == 1
        assert "no earlier export" in result.output
    assert photo.read_bytes() == b"\x89PNG\r\n"
    assert link.is_symlink()
    result = run("export", "--data", data, tmp_path / "nowhere" / "x")
    assert result.exit_code == 3
    assert "no directory" in result.output


def test_a_write_that_fails_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without room, or interrupted, the file is as before and nothing else is left there."""
    file = tmp_path / "x"
    verb.write(file, [bundle.encode(b"before", 0)])
    before = file.read_bytes()

    def interrupted() -> Iterator[bytes]:
        yield bundle.encode(b"after", 0)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        verb.write(file, interrupted())

    def full(_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OperatorError, match="No space left"):
        verb.write(file, [bundle.encode(b"after", 0)])
    assert file.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_a_stick_that_can_not_sync_names_is_written_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some file systems refuse fsync of a directory; the file itself is durable by then."""
    real = os.fsync

    def fussy(descriptor: int) -> None:
        if os.path.isdir(f"/proc/self/fd/{descriptor}"):
            raise OSError(errno.EINVAL, "no")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fussy)
    assert verb.write(tmp_path / "x", [bundle.encode(b"a", 0)])[0] == 1
    assert [record.raw for record in records(tmp_path / "x")] == [b"a"]
