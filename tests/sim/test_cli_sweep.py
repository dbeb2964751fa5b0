"""`holub sim sweep` and `holub sim compare`, as they are typed."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from holub_sim.cli import sim
from support_sim import CITY, CUT

SHORT = CITY.replace('"6m"', '"70s"')


def invoke(*arguments: str) -> Result:
    """Run a command."""
    return CliRunner().invoke(sim, list(arguments))


def write(path: Path, top: str = "", rest: str = "") -> str:
    """Write a scenario with keys before its first table and tables behind."""
    path.write_text(SHORT.replace("[world]", f"{top}\n[world]", 1) + rest)
    return str(path)


@pytest.mark.slow
def test_a_sweep_prints_each_point_and_fails_with_any_run(tmp_path: Path) -> None:
    """Means by point; what failed is told with its seed; a second time nothing is run."""
    path = write(
        tmp_path / "s.toml",
        'expect = ["latency_p50(alert) <= 100ms"]\nsometimes = ["reached(crash) > 0"]',
        '[sweep]\n"world.uplink.latency" = ["20ms", "2s"]\n',
    )
    out = tmp_path / "rows.jsonl"
    first = invoke("sweep", path, "--seeds", "2", "-j", "2", "--out", str(out))
    assert first.exit_code == 1
    assert "world.uplink.latency = 20ms: 2 of 2 passed" in first.stdout
    assert "world.uplink.latency = 2s: 0 of 2 passed" in first.stdout
    assert first.stderr.count("latency_p50(alert) <= 100ms") == 2
    assert "never held in 4 runs: reached(crash) > 0" in first.stderr
    rows = out.read_text()
    second = invoke("sweep", path, "--seeds", "2", "--out", str(out), "--json")
    assert out.read_text() == rows
    assert [json.loads(line)["seed"] for line in second.stdout.splitlines()] == [1, 2, 1, 2]


@pytest.mark.slow
def test_a_comparison_prints_what_changes(tmp_path: Path) -> None:
    """A cut costs time; the exit code is 0, for a comparison is no verdict."""
    base, cut = write(tmp_path / "a.toml"), CUT.replace('"90s"', '"20s"').replace("210s", "40s")
    attack = write(tmp_path / "b.toml", rest=cut)
    result = invoke("compare", base, attack, "--seeds", "2", "--json")
    assert result.exit_code == 0
    found = {line["figure"]: line for line in map(json.loads, result.stdout.splitlines())}
    assert found["latency_max(alert)"]["change"]["mean"] > 1_000_000
    assert found["converged"]["change"]["mean"] == 0
    text = invoke("compare", base, attack, "--seeds", "2").stdout
    assert text.splitlines()[0].split() == [
        "figure",
        "base",
        "attack",
        "change",
        "95",
        "%",
        "interval",
    ]
    assert any(line.startswith("latency_max(alert)") for line in text.splitlines())


def test_wrong_usage_exits_with_2(tmp_path: Path) -> None:
    """Unknown scenarios, values that do not fit, and two that can't be compared."""
    swept = write(tmp_path / "s.toml", rest='[sweep]\n"world.relays" = [2, 3]\n')
    wrong = write(tmp_path / "w.toml", rest='[sweep]\n"world.relays" = [0]\n')
    for arguments, told in (
        (("sweep", "no-such"), "no scenario is called"),
        (("sweep", wrong), "sweep.world.relays: the value 0"),
        (("compare", swept, swept), "one point at a time"),
    ):
        result = invoke(*arguments)
        assert result.exit_code == 2
        assert told in result.stderr.replace("\n", " ")
