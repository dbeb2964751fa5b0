"""Files that are the old one or the new one."""

from pathlib import Path

import pytest

from holub_relay.whole import draft_of, replace


def test_a_file_is_replaced_and_no_draft_is_left(tmp_path: Path) -> None:
    """The new content stands alone, also where an older draft was left behind by a power cut."""
    path = tmp_path / "list.cbor"
    path.write_bytes(b"old")
    draft_of(path).write_bytes(b"half a dra")
    replace(path, b"new")
    assert path.read_bytes() == b"new"
    assert [each.name for each in tmp_path.iterdir()] == ["list.cbor"]


def test_what_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until the new content is on disk nothing touches the old one."""
    path = tmp_path / "list.cbor"
    path.write_bytes(b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("holub_relay.whole.os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        replace(path, b"new")
    assert path.read_bytes() == b"old"
