"""`holub list`: everything held, in pages that nobody sees."""

from pathlib import Path

import pytest

from holub_relay import requests
from support_relay import KYIV, made, ok, ok_json, run


def test_kinds_are_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All kinds, or one; as lines or JSON; also over several pages."""
    monkeypatch.setattr(requests, "PAGE_ROWS", 2)
    data = made(tmp_path)
    ok("alert", "start", "--data", data, "--area", str(KYIV), "--hazard", "fire")
    kinds = [row["kind"] for row in ok_json("list", "--data", data)]
    assert sorted(kinds) == ["alert", "board", "charter", "grant", "grant"]
    assert [row["kind"] for row in ok_json("list", "--data", data, "--kind", "board")] == ["board"]
    assert ok_json("list", "--data", data, "--kind", "place") == []
    assert len(ok("list", "--data", data).splitlines()) == 5


def test_mistakes_are_told(tmp_path: Path) -> None:
    """A kind that is none is named beside those there are; no directory is not found."""
    data = made(tmp_path)
    result = run("list", "--data", data, "--kind", "letter")
    assert result.exit_code == 1
    assert "the kinds are: grant" in result.output
    assert run("list", "--data", tmp_path / "none").exit_code == 3
