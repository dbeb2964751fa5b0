"""The examples run as they stand, and are as small and as free as they claim."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from holub_sim.sweep import jobs, run_job
from support_sim import CITY

ROOT = Path(__file__).resolve().parents[1]
EMBED = ROOT / "examples" / "embed.py"
PAGE = ROOT / "docs" / "embed.md"
FORBIDDEN = ("trio", "asyncio", "socket", "ssl", "threading", "sqlite3", "apsw")


def test_embed_passes_an_alert_on() -> None:
    """Two nodes exchange an alert and the program ends with what holds at the other."""
    run = subprocess.run(
        [sys.executable, EMBED], capture_output=True, text=True, check=True, timeout=30
    )
    assert re.fullmatch(r"\d+ bytes crossed; Kyiv is now: alert\n", run.stdout)
    assert run.stderr == ""


def test_embed_is_short() -> None:
    """Under 40 lines, importing nothing but the two libraries and the standard library."""
    source = EMBED.read_text("utf-8")
    assert len(source.splitlines()) < 40
    modules = re.findall(r"^(?:from|import) (\w+)", source, re.M)
    own = {name for name in modules if name.startswith("holub")}
    assert own == {"holub_crypto", "holub_protocol"}
    assert set(modules) - own <= sys.stdlib_module_names


def test_embed_loads_no_io() -> None:
    """Whoever embeds the node gets neither sockets nor threads nor a loop of ours."""
    program = f"import runpy, sys; runpy.run_path({str(EMBED)!r}); print(*sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=30
    )
    loaded = set(run.stdout.splitlines()[-1].split())
    assert "holub_protocol.node" in loaded
    assert not loaded & set(FORBIDDEN)


def test_page_shows_the_example() -> None:
    """Every line of code that docs/embed.md walks through is a line of the example."""
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE.read_text("utf-8"), re.S | re.M)
    lines = [line.strip() for block in blocks for line in block.splitlines() if line.strip()]
    source = {line.strip() for line in EMBED.read_text("utf-8").splitlines()}
    assert len(lines) > 10
    assert [line for line in lines if line not in source] == []


def test_city_is_a_scenario_in_python() -> None:
    """It pulls the plug three times, and everybody learns of the alert and agrees in the end."""
    run = subprocess.run(
        [sys.executable, ROOT / "examples" / "city.py"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert re.fullmatch(r"4 boots; d2 waited \d+\.\d s at most; agreed: True\n", run.stdout)


@pytest.mark.slow
@pytest.mark.parametrize(("story", "page"), [("theft", "theft"), ("reboot", "clocks")])
def test_a_transcript_is_what_the_example_prints(story: str, page: str) -> None:
    """Line by line and second by second, whatever the process's hash seed."""
    run = subprocess.run(
        [sys.executable, ROOT / "examples" / f"{story}.py"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    text = (ROOT / "docs" / f"{page}.md").read_text("utf-8")
    assert re.findall(r"^```text\n(.*?)^```", text, re.S | re.M) == [run.stdout]
    assert run.stderr == ""


def test_transcripts_hold_what_they_are_shown_for() -> None:
    """However they are printed anew: once a half has heard, the thief gets nothing in and nobody
    shows its alerts as on; a relay that does not know the time shows nothing clear."""
    theft = (ROOT / "docs" / "theft.md").read_text("utf-8")
    told = theft[theft.index("10:08:00") : theft.index("10:13:00")]
    assert re.findall(r"(.*): taken", told) == ["            charter 2"]
    assert len(re.findall("refused, (?:revoked|unknown-signer)", told)) == 10
    assert " on)" not in told
    assert "refused: 0\n" in told
    clocks = (ROOT / "docs" / "clocks.md").read_text("utf-8")
    unsure = re.findall(r"Kyiv (\w+).*NOT KNOWN", clocks)
    assert set(unsure) == {"alert", "unknown"}


def test_stories_use_the_libraries_alone() -> None:
    """What they tell of is the protocol's doing: no daemon, no simulator, no input or output."""
    for name in ("theft", "reboot", "tabletop"):
        source = (ROOT / "examples" / f"{name}.py").read_text("utf-8")
        modules = set(re.findall(r"^(?:from|import) (\w+)", source, re.M))
        own = {"holub_crypto", "holub_protocol", "tabletop"}
        assert modules - own <= sys.stdlib_module_names - set(FORBIDDEN)


@pytest.mark.slow
def test_a_dask_cluster_serves_a_sweep(tmp_path: Path) -> None:
    """On Dask's own local cluster, the runs are those that this process makes."""
    pytest.importorskip("distributed")
    path = tmp_path / "small.toml"
    path.write_text(CITY)
    run = subprocess.run(
        [sys.executable, ROOT / "examples" / "sweep_dask.py", path, "2"],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    told = [line.split() for line in run.stdout.splitlines()]
    here = [run_job(job) for job in jobs(path, range(2))]
    assert [line[-1] for line in told] == [row["trace"] for row in here]
    assert [line[-2] for line in told] == ["passed", "passed"]
