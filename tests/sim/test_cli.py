"""The commands: `holub sim run` and `holub sim list`."""

from pathlib import Path

from click.testing import CliRunner

from holub_sim.cli import sim
from support_sim import CITY, json_of

SHORT = CITY.replace('"6m"', '"100s"')


def invoke(*arguments: str) -> tuple[int, str, str]:
    """Exit code, output and errors of a command."""
    result = CliRunner().invoke(sim, list(arguments))
    return result.exit_code, result.stdout, result.stderr


def test_list_shows_what_ships() -> None:
    """Names as `run` takes them, with a line about each; JSON lines on request."""
    code, text, _ = invoke("list")
    assert code == 0
    assert [line.split()[0] for line in text.splitlines()] == [
        "kyiv", "operator-wiped", "quiet-day", "quiet-hour", "siren-day", "strike-night",
    ]  # fmt: skip
    code, text, _ = invoke("list", "--json")
    assert json_of(text.splitlines()[4])["name"] == "siren-day"


def test_run_prints_a_report_and_writes_a_trace(tmp_path: Path) -> None:
    """As text, or as one JSON object with the same trace hash."""
    (tmp_path / "s.toml").write_text(SHORT)
    trace = tmp_path / "trace.txt"
    code, text, _ = invoke("run", str(tmp_path / "s.toml"), "--trace", str(trace))
    assert code == 0
    assert text.splitlines()[-1] == "passed"
    code, json_text, _ = invoke("run", str(tmp_path / "s.toml"), "--json")
    assert code == 0
    assert str(json_of(json_text)["trace"]) in text
    assert trace.read_text().splitlines()[0].split()[2] == "boot"


def test_a_run_that_fails_exits_with_1_and_says_how_to_repeat_it(tmp_path: Path) -> None:
    """A tester's script sees it without reading the report."""
    cut = '[[outages]]\nwhat = "partition"\nwhere = "d2"\nat = ["10s"]\nfor = "90s"\n'
    (tmp_path / "s.toml").write_text(SHORT.replace('"2m"', '"1s"') + cut)
    code, text, errors = invoke("run", str(tmp_path / "s.toml"), "--seed", "9")
    assert code == 1
    assert "FAILED" in text
    assert "--seed 9" in errors


def test_wrong_usage_exits_with_2_and_names_what_is_wrong(tmp_path: Path) -> None:
    """The file, the key, the value and what is wanted; never a traceback."""
    path = tmp_path / "s.toml"
    path.write_text(SHORT.replace('at = "d1/r1"', 'at = "d7"'))
    line = 1 + path.read_text().splitlines().index('at = "d7"')
    for arguments, told in (
        (("run", "no-such"), "there are kyiv, operator-wiped, quiet-day"),
        (("run", str(path)), f"{path}:{line}: desks[0].at: 'd7' selects no relay"),
        (("run", "quiet-hour", "--seed", "-1"), "--seed"),
        (("run", "quiet-hour", "--trace", str(tmp_path / "no" / "t")), "cannot be written"),
    ):
        code, _, errors = invoke(*arguments)
        assert code == 2
        assert told in errors.replace("\n", " ")
