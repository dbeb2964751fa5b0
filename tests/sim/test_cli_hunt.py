"""`holub sim hunt` and `holub sim replay`, as they are typed."""

from pathlib import Path

from click.testing import CliRunner, Result

from holub_sim.cli import sim
from support_planted import BUGS, planted


def invoke(*arguments: str) -> Result:
    """Run a command."""
    return CliRunner().invoke(sim, list(arguments))


def test_a_find_is_shrunk_written_and_replayed(tmp_path: Path) -> None:
    """Exit code 1, one line to type, and that line shows the same rule broken; on mended code it
    tells that nothing is broken."""
    bug = next(bug for bug in BUGS if bug.name == "unsalted")
    file = tmp_path / "hunt-0.json"
    with planted(bug):
        found = invoke("hunt", "--seeds", "3", "--out", str(tmp_path))
        assert found.exit_code == 1
        assert found.stdout.splitlines()[-1] == f"again: holub sim replay {file}"
        assert "breaks salted" in found.stdout
        again = invoke("replay", str(file), "--node", "1", "--until", "5s")
        assert again.exit_code == 1
        assert "salted: " in again.stderr
        assert "the trace is" not in again.stderr
        assert {line.split()[1] for line in again.stdout.splitlines()} == {"d1/r1"}
        assert all(int(line.split()[0]) <= 5_000_000 for line in again.stdout.splitlines())
    mended = invoke("replay", str(file), "--quiet")
    assert mended.exit_code == 0
    assert mended.stdout == ""
    assert "no rule is broken; it was salted" in mended.stderr


def test_too_few_seeds_are_no_success() -> None:
    """States that were never reached are named, and the exit code is 1."""
    result = invoke("hunt", "--seeds", "1")
    assert result.exit_code == 1
    assert "never reached: " in result.stderr


def test_wrong_usage_exits_with_2(tmp_path: Path) -> None:
    """A file that is none, a time that is none, a folder that can't be."""
    (tmp_path / "x.json").write_text("{}")
    bug = next(bug for bug in BUGS if bug.name == "unsalted")
    with planted(bug):
        written = invoke("hunt", "--seeds", "1", "--out", str(tmp_path / "x.json" / "y"))
    for result, told in (
        (invoke("replay", str(tmp_path / "x.json")), "is no replay file"),
        (invoke("replay", str(tmp_path / "x.json"), "--until", "soon"), "'soon' is no time"),
        (written, "cannot be written"),
    ):
        assert result.exit_code == 2
        assert told in result.stderr.replace("\n", " ")
