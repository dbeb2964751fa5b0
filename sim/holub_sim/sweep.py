"""Many runs: seeds by parameters, on any executor of `concurrent.futures`, resumable.

A run is one line of JSON in a file. What stands there already is not run again, so a sweep that
was interrupted goes on where it was, and one with more seeds only runs those.
"""

import copy
import itertools
import json
import multiprocessing
import re
import time
import tomllib
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, TypeAlias

from holub_sim.locate import placed
from holub_sim.run import run
from holub_sim.scenario import ScenarioError, from_table, load, read_text, to_table
from holub_sim.version import code_version

Row: TypeAlias = dict[str, Any]
"""What a run showed, as it stands in the file."""

_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Job:
    """One run: a scenario as JSON, the folder of its files, the values that the sweep chose (as
    pairs of key and JSON), the seed, and which code. Plain texts: it travels to other machines."""

    scenario: str
    folder: str
    point: tuple[tuple[str, str], ...]
    seed: int
    version: str

    @property
    def id(self) -> str:
        """What tells it from every other run, of this code and any other."""
        told = json.dumps([self.version, self.scenario, self.point, self.seed])
        return blake2b(told.encode(), digest_size=8).hexdigest()


def jobs(path: Path, seeds: Sequence[int]) -> list[Job]:
    """Return the runs of a scenario's file: every combination of its `[sweep]` with each seed.
    Raises ScenarioError."""
    plan = load(path)
    text = read_text(path)
    table = tomllib.loads(text)
    table.pop("sweep", None)
    version, made = code_version(), []
    for values in itertools.product(*plan.sweep.values()):
        varied = copy.deepcopy(table)
        for key, value in zip(plan.sweep, values, strict=True):
            try:
                put(varied, key, value)
                whole = from_table(varied)
            except ScenarioError as error:
                told = f"sweep.{key}: the value {value!r}: {error}"
                raise ScenarioError(placed(str(path), text, told)) from None
        whole = from_table(varied)
        scenario = json.dumps(to_table(whole))
        point = tuple((k, json.dumps(v)) for k, v in zip(plan.sweep, values, strict=True))
        made += [Job(scenario, str(path.parent), point, seed, version) for seed in seeds]
    return made


def put(table: dict[str, Any], key: str, value: Any) -> None:
    """Set a key such as `attackers[0].share` in a table; raises ScenarioError where what is
    around it is not there."""
    steps = [name or int(number) for name, number in _STEP.findall(key)]
    place: Any = table
    for step, following in itertools.pairwise(steps):
        if isinstance(step, str) and isinstance(place, dict):
            place = place.setdefault(step, [] if isinstance(following, int) else {})
        elif isinstance(step, int) and isinstance(place, list) and step < len(place):
            place = place[step]
        else:
            raise ScenarioError(f"{key}: there is no {step!r}")
    last = steps[-1]
    if isinstance(last, str) != isinstance(place, dict) or (
        isinstance(last, int) and last >= len(place)
    ):
        raise ScenarioError(f"{key}: there is no {last!r}")
    place[last] = value


def run_job(job: Job) -> Row:
    """Run one; a broken rule is part of what it shows. Raises ScenarioError."""
    begin_s = time.process_time()
    outcome = run(from_table(json.loads(job.scenario)), job.seed, folder=Path(job.folder))
    return {
        "job": job.id,
        "scenario": outcome.scenario,
        "point": {key: json.loads(value) for key, value in job.point},
        "seed": job.seed,
        "passed": outcome.passed,
        "violations": [asdict(violation) for violation in outcome.violations[:3]],
        "expected": [asdict(verdict) for verdict in outcome.expected],
        "sometimes": [asdict(verdict) for verdict in outcome.sometimes],
        "figures": dict(outcome.figures),
        "trace": outcome.trace,
        "cpu_s": round(time.process_time() - begin_s, 3),
    }


def sweep(
    wanted: Iterable[Job],
    executor: Executor,
    file: Path | None = None,
    told: Callable[[Row], None] = lambda row: None,
) -> list[Row]:
    """Run what is not in `file` yet and add it there; return the rows of all, in the order of
    the jobs. `told` hears of each as it is there, of those from the file too.

    Any executor will do: a pool of processes, or that of a Dask client. Raises ScenarioError.
    """
    ordered = list(wanted)
    rows = {row["job"]: row for row in finished(file)} if file is not None else {}
    for job in ordered:
        if job.id in rows:
            told(rows[job.id])
    futures = [executor.submit(run_job, job) for job in ordered if job.id not in rows]
    try:
        for future in as_completed(futures):
            row = future.result()
            rows[row["job"]] = row
            if file is not None:
                with file.open("a", encoding="utf-8") as lines:
                    lines.write(json.dumps(row) + "\n")
            told(row)
    finally:
        for future in futures:
            future.cancel()
    return [rows[job.id] for job in ordered]


def finished(file: Path) -> list[Row]:
    """Return the rows of a file that are whole; a last line that was cut off is taken out."""
    if not file.exists():
        return []
    text = file.read_text("utf-8")
    whole = text[: text.rfind("\n") + 1]
    if whole != text:
        file.write_text(whole, "utf-8")
    try:
        return [json.loads(line) for line in whole.splitlines()]
    except ValueError as error:
        raise ScenarioError(f"{file}: it is no file of a sweep: {error}") from None


def processes(count: int | None = None) -> ProcessPoolExecutor:
    """Return a pool on this machine, of as many processes as there are cores if not told; each a
    fresh interpreter, so that nothing is shared by accident."""
    spawn = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(count, mp_context=spawn)


def never(rows: Sequence[Row]) -> tuple[str, ...]:
    """Return the lines of `sometimes` that held in no run."""
    lines = dict.fromkeys(v["line"] for row in rows for v in row["sometimes"])
    held = {v["line"] for row in rows for v in row["sometimes"] if v["holds"]}
    return tuple(line for line in lines if line not in held)


class Stopwatch:
    """CPU time of this process since it was made: the only clock that a hunt may ask."""

    def __init__(self) -> None:
        """Start."""
        self._begin_s = time.process_time()

    @property
    def cpu_s(self) -> float:
        """Seconds so far."""
        return time.process_time() - self._begin_s
