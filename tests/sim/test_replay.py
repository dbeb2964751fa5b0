"""Replay files: what a hunt found, run again to the last event."""

from pathlib import Path

import pytest

from holub_sim.draw import draw
from holub_sim.hunt import attempt
from holub_sim.replay import Lines, play, read, record, write
from holub_sim.scenario import ScenarioError


class Kept:
    """Keeps lines."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def write(self, text: str, /) -> None:
        """Take one."""
        self.lines.append(text)


def test_what_is_written_is_read_and_plays_the_same(tmp_path: Path) -> None:
    """Scenario, seed and version, and the same trace."""
    scenario = draw(3)
    replay = record(scenario, 3, attempt(scenario, 3))
    write(replay, tmp_path / "r.json")
    again = read(tmp_path / "r.json")
    assert again == replay
    assert again.same_code
    assert play(again).trace == replay.trace


def test_lines_are_those_of_a_host_up_to_a_moment() -> None:
    """By name, or by number on the grid of a hunt."""
    lines = ["5 d1/r1 boot\n", "6 d2/r1 boot\n", "9 d2/r1 wake\n", "9 fault x\n"]
    for host, until_us, expected in (
        ("", None, lines),
        ("d2/r1", None, lines[1:3]),
        ("2", 8, lines[1:2]),
        ("", 6, lines[:2]),
    ):
        kept = Kept()
        some = Lines(kept, host, until_us)
        for line in lines:
            some.write(line)
        assert kept.lines == expected


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    """With its name, and what is wrong."""
    for text, told in (("{}", "no replay file"), ("x", "no replay file"), (None, "cannot be read")):
        path = tmp_path / f"{told}.json"
        if text is not None:
            path.write_text(text)
        with pytest.raises(ScenarioError, match=f"{path.name}: .*{told}"):
            read(path)
