"""`holub import`: every intact message of whatever is given, and a clear word on the rest."""

import errno
import os
from pathlib import Path
from random import Random

import pytest

from holub_protocol import bundle
from holub_relay import base45
from holub_relay.cli import import_ as verb
from support_relay import KYIV, joined, made, ok, ok_json, run


def carried(folder: Path, alerts: int = 3) -> tuple[Path, Path, Path]:
    """Make a realm with alerts, its export, and a second directory that has joined."""
    data, file = made(folder), folder / "x.holub"
    for _ in range(alerts):
        ok("alert", "start", "--data", data, "--area", str(KYIV), "--hazard", "air-raid")
    ok("export", "--data", data, file)
    return data, joined(folder, data), file


def ids(data: Path) -> list[str]:
    """Return what a directory holds."""
    return sorted(row["id"] for row in ok_json("list", "--data", data))


def split(file: Path) -> list[bytes]:
    """Return the records of a whole file as bytes, its end too."""
    return [bundle.MAGIC + part for part in file.read_bytes().split(bundle.MAGIC)[1:]]


def test_a_file_brings_everything_once(tmp_path: Path) -> None:
    """The second holds what the first held, shows the alert, and a second time nothing changes."""
    a, b, file = carried(tmp_path)
    text = ok("import", "--data", b, file)
    assert "taken 6 (alert 3, board 1, grant 2)" in text
    assert ids(a) == ids(b)
    assert ok_json("status", "--data", b)["status"]["level"] == "alert"
    again = ok_json("import", "--data", b, file)
    assert (again["taken"], again["known"], again["refused"]) == ({}, 7, {})
    assert again["complete"]
    assert ids(a) == ids(b)


def test_a_damaged_file_brings_all_that_is_whole(tmp_path: Path) -> None:
    """A flipped bit, junk between and a torn end cost one alert and are told."""
    _, b, file = carried(tmp_path)
    records = split(file)
    hurt = bytearray(records[4])
    hurt[60] ^= 1
    file.write_bytes(b"".join([*records[:4], bytes(hurt), b"junk", *records[5:-1]]))
    text = ok("import", "--data", b, file)
    assert "damaged: 1 places" in text
    assert "cut short" in text
    assert f"{len(records) - 2} messages intact" in text
    assert len(ids(b)) == len(records) - 2


def test_a_file_in_any_order_brings_everything(tmp_path: Path) -> None:
    """Put together by others, with the grants last: what lacked its chain is offered again."""
    a, b, file = carried(tmp_path)
    file.write_bytes(b"".join(reversed(split(file)[:-1])))
    answer = ok_json("import", "--data", b, file)
    assert answer["taken"] == {"alert": 3, "board": 1, "grant": 2}
    assert answer["refused"] == {}
    assert not answer["complete"]
    assert ids(a) == ids(b)


def test_places_to_try_again_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the bound a refusal is final for this run, and still counted."""
    _, b, file = carried(tmp_path)
    records = split(file)
    file.write_bytes(b"".join([*records[3:], records[1], records[2]]))
    monkeypatch.setattr(verb, "AGAIN_MAX", 1)
    answer = ok_json("import", "--data", b, file)
    assert answer["refused"] == {"unknown-signer": 3}
    assert sum(answer["taken"].values()) == 3  # two grants and the one remembered


def test_a_file_without_grants_says_what_to_do(tmp_path: Path) -> None:
    """Nobody in it is known: nothing is taken, and a later import may."""
    _, b, file = carried(tmp_path)
    records = split(file)
    file.write_bytes(b"".join([records[0], *records[3:]]))
    text = ok("import", "--data", b, file)
    assert "refused 4: unknown-signer 4" in text
    assert "missing: 2" in text
    assert "import the file again later" in text


def test_a_file_of_another_realm_is_refused(tmp_path: Path) -> None:
    """Its charter is none of ours, its people unknown."""
    _, _, file = carried(tmp_path)
    text = ok("import", "--data", made(tmp_path, "c"), file)
    assert "taken 0" in text
    assert "charter 1" in text
    assert "another one" in text


def test_random_and_empty_files_are_no_exports(tmp_path: Path) -> None:
    """A megabyte of anything and nothing at all end with an error that says so."""
    data = made(tmp_path)
    for content in (b"", Random(7).randbytes(1 << 20), bundle.MAGIC * 20_000, b"\x89" * 99):
        file = tmp_path / "x"
        file.write_bytes(content)
        result = run("import", "--data", data, file)
        assert result.exit_code == 1
        assert "no intact record" in result.output


def test_a_hostile_end_counts_nothing(tmp_path: Path) -> None:
    """An end that speaks of four thousand million records costs a line of report."""
    _, b, file = carried(tmp_path)
    file.write_bytes(b"".join(split(file)[:-1]) + bundle.end(2**32 - 1))
    answer = ok_json("import", "--data", b, file)
    assert answer["missing"] == 2**32 - 1 - 7
    assert answer["taken"]["alert"] == 3


def test_what_is_no_plain_file_is_refused(tmp_path: Path) -> None:
    """A link, a pipe, a directory, a device, something huge: named, never read, never hung on."""
    data = made(tmp_path)
    link, pipe, huge = tmp_path / "link", tmp_path / "pipe", tmp_path / "huge"
    link.symlink_to("/dev/zero")
    os.mkfifo(pipe)
    with huge.open("wb") as file:
        file.truncate((1 << 30) + 1)
    for target, told in (
        (link, "a symbolic link"),
        (pipe, "a pipe"),
        (tmp_path, "a directory"),
        (Path("/dev/zero"), "a device"),
        (huge, "has 1073741825 bytes"),
    ):
        result = run("import", "--data", data, target)
        assert result.exit_code == 1
        assert told in result.output
    assert run("import", "--data", data, tmp_path / "nothing").exit_code == 3


class Disk:
    """A file with blocks that can't be read."""

    def __init__(self, content: bytes, bad: tuple[int, ...]) -> None:
        self.content, self.bad, self.reads = content, bad, 0

    def pread(self, _: int, count: int, offset: int) -> bytes:
        """Read as os.pread does."""
        self.reads += 1
        blocks = range(offset // verb.BLOCK_BYTES, (offset + count - 1) // verb.BLOCK_BYTES + 1)
        if any(block in self.bad for block in blocks):
            raise OSError(errno.EIO, "bad sector")
        return self.content[offset : offset + count]


def test_bad_sectors_cost_their_blocks() -> None:
    """Around a block that can't be read all else is, in place, as zeros in the gap."""
    content = Random(1).randbytes(200_000)
    disk = Disk(content, (3, 30))
    reader = verb.FileReader(0, len(content), disk.pread)
    wanted = bytearray(content)
    for block in disk.bad:
        wanted[block * 4096 : (block + 1) * 4096] = bytes(4096)
    assert b"".join(reader.pieces()) == wanted
    assert reader.bad_blocks == 2


def test_a_stick_that_is_pulled_out_ends_the_reading() -> None:
    """When every block fails, a few are tried and no more."""
    disk = Disk(b"", tuple(range(1000)))
    reader = verb.FileReader(0, 4_096_000, disk.pread)
    assert sum(map(len, reader.pieces())) < 64 * 4096
    assert disk.reads < 80


def test_a_file_that_shrinks_is_read_to_its_end() -> None:
    """Fewer bytes than the size that was told end the reading."""
    reader = verb.FileReader(0, 200_000, Disk(b"x" * 70_000, ()).pread)
    assert sum(map(len, reader.pieces())) == 70_000


def test_a_qr_code_goes_round(tmp_path: Path) -> None:
    """What `show --qr` prints is taken in as text and from stdin; before its grant it is not."""
    a, b, file = carried(tmp_path)
    id_ = next(row["id"] for row in ok_json("list", "--data", a) if row["kind"] == "alert")
    text = ok_json("show", id_, "--data", a, "--qr")["qr_text"]
    result = run("import", "--data", b, "--qr-text", text)
    assert result.exit_code == 1
    assert "refused: unknown-signer" in result.output
    records = split(file)
    file.write_bytes(b"".join(records[:3]) + bundle.end(3))
    ok("import", "--data", b, file)
    assert ok("import", "--data", b, "--qr-text", text) == "taken: alert\n"
    assert run("import", "--data", b, "--qr-text", "-", stdin=text + "\n").output == (
        "known: alert\n"
    )
    assert ok_json("import", "--data", b, "--qr-text", text)["outcome"] == "known"
    assert ok_json("status", "--data", b)["status"]["level"] == "alert"


@pytest.mark.parametrize(
    ("text", "told", "code"),
    [
        ("bb8", "'b' after character 0", 1),
        ("ЇЇЇ", "none of base45's", 1),
        ("", "a message of 0 bytes", 2),
        ("0" * 6145, "over 6144 characters", 2),
        (base45.encode(bytes(100)), "refused: malformed", 1),
    ],
)
def test_wrong_texts_are_told_why(tmp_path: Path, text: str, told: str, code: int) -> None:
    """Text that is no base45 or no message is refused by argument and by stdin alike."""
    data = made(tmp_path)
    for result in (
        run("import", "--data", data, "--qr-text", text),
        run("import", "--data", data, "--qr-text", "-", stdin=text),
    ):
        assert result.exit_code == code
        assert told in result.output


def test_one_source_must_be_named(tmp_path: Path) -> None:
    """Neither, or both, is wrong use."""
    data = made(tmp_path)
    assert run("import", "--data", data).exit_code == 2
    assert run("import", "--data", data, tmp_path / "x", "--qr-text", "0").exit_code == 2
