"""Sweeps: every combination, any executor, nothing twice."""

import json
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from holub_sim.scenario import ScenarioError
from holub_sim.sweep import Row, finished, jobs, never, processes, put, run_job, sweep
from support_sim import CITY

SHORT = CITY.replace('"6m"', '"70s"')
SWEPT = (
    SHORT
    + '[sweep]\n"world.uplink.loss" = [0.0, 0.3]\n"desks[0].says[0].at" = ["30s", "40s", "50s"]\n'
)


class Here(Executor):
    """Runs at once, in this process, and counts."""

    def __init__(self) -> None:
        self.runs = 0

    def submit(self, call: Any, /, *args: Any, **more: Any) -> Future[Any]:
        """Run it."""
        self.runs += 1
        future: Future[Any] = Future()
        future.set_result(call(*args, **more))
        return future


@pytest.fixture(name="path")
def _path(tmp_path: Path) -> Path:
    path = tmp_path / "s.toml"
    path.write_text(SWEPT)
    return path


def test_jobs_are_all_combinations_with_all_seeds(path: Path) -> None:
    """Two by three points, two seeds; each is another run, and the file's own values are gone."""
    made = jobs(path, range(2))
    assert len(made) == 12
    assert len({job.id for job in made}) == 12
    assert [job.id for job in jobs(path, range(2))] == [job.id for job in made]
    last = json.loads(made[-1].scenario)
    assert (last["world"]["uplink"]["loss"], last["desks"][0]["says"][0]["at"]) == (0.3, "50s")
    assert made[-1].point == (("world.uplink.loss", "0.3"), ("desks[0].says[0].at", '"50s"'))


def test_what_is_in_the_file_is_not_run_again(path: Path, tmp_path: Path) -> None:
    """More seeds run only those that are new; a line that was cut off is run anew."""
    out = tmp_path / "rows.jsonl"
    heard: list[Row] = []
    first = Here()
    rows = sweep(jobs(path, range(1)), first, out, heard.append)
    assert (first.runs, len(rows), len(heard)) == (6, 6, 6)
    out.write_text(out.read_text()[:-10])
    second = Here()
    more = sweep(jobs(path, range(2)), second, out)
    assert second.runs == 7
    assert [row["trace"] for row in more if row["seed"] == 0] == [row["trace"] for row in rows]
    assert len(finished(out)) == 12


@pytest.mark.slow
def test_processes_and_threads_run_the_same(tmp_path: Path) -> None:
    """Whatever runs them, the rows are those of this process, in the order of the jobs."""
    path = tmp_path / "s.toml"
    path.write_text(SHORT)
    wanted = jobs(path, range(3))
    here = [run_job(job)["trace"] for job in wanted]
    with processes(2) as pool:
        assert [row["trace"] for row in sweep(wanted, pool)] == here
    with ThreadPoolExecutor(2) as threads:
        assert [row["trace"] for row in sweep(wanted, threads)] == here


def test_what_never_held_is_named() -> None:
    """Of the lines of `sometimes`, those that no run reached."""
    rows = [
        {"sometimes": [{"line": "a", "holds": False}, {"line": "b", "holds": True}]},
        {"sometimes": [{"line": "a", "holds": False}, {"line": "b", "holds": False}]},
    ]
    assert never(rows) == ("a",)


def test_a_key_is_set_where_it_belongs() -> None:
    """In tables and entries that are there, or are made; what lies in nothing is named."""
    table: dict[str, Any] = {"a": [{"x": 1}, {}], "b": {}}
    put(table, "a[1].x", 2)
    put(table, "b.c.d", 3)
    put(table, "e", 4)
    assert table == {"a": [{"x": 1}, {"x": 2}], "b": {"c": {"d": 3}}, "e": 4}
    for key in ("a[2].x", "a.x", "b[0]", "e.f.g"):
        with pytest.raises(ScenarioError, match="there is no"):
            put(table, key, 0)


def test_a_wrong_value_is_placed(path: Path) -> None:
    """File, line, the key that is swept, and what its value should have been."""
    path.write_text(SWEPT.replace("0.3]", "30]"))
    line = 1 + SWEPT.splitlines().index("[sweep]") + 1
    with pytest.raises(
        ScenarioError, match=rf"s.toml:{line}: sweep.world.uplink.loss: the value 30"
    ):
        jobs(path, range(1))


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    """It is not overwritten."""
    (tmp_path / "x").write_text("hello\n")
    with pytest.raises(ScenarioError, match="no file of a sweep"):
        finished(tmp_path / "x")
