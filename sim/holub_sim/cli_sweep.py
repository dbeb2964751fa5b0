"""`holub sim sweep` and `holub sim compare`: many runs, and what they show together."""

import json
import math
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TimeRemainingColumn

from holub_sim.compare import Difference, compare
from holub_sim.expect import shown
from holub_sim.metrics import METRICS
from holub_sim.scenario import ScenarioError, find
from holub_sim.stats import Interval, interval
from holub_sim.sweep import Job, Row, jobs, never, processes, sweep

FAILED = 1
HEADLINES = (
    "coverage(alert)",
    "latency_p50(alert)",
    "latency_p99(alert)",
    "coverage(people)",
    "broken",
    "missing",
    "bytes_per_copy",
)
"""Figures that are shown; all are in the file and in the JSON."""

_SEEDS = click.option(
    "--seeds", type=click.IntRange(1), default=10, show_default=True, help="How many seeds."
)
_FIRST = click.option("--first", type=click.IntRange(0), default=1, show_default=True)
_JOBS = click.option(
    "--jobs", "-j", type=click.IntRange(1), help="Processes; as many as there are cores."
)
_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")


@click.command("sweep")
@click.argument("scenario")
@_SEEDS
@_FIRST
@_JOBS
@_JSON
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Keep the runs in this file; those that it has already are not run again.",
)
def sweep_command(
    scenario: str, seeds: int, first: int, jobs: int | None, as_json: bool, out: Path | None
) -> None:
    """Run SCENARIO with every combination of its [sweep], each with many seeds, on all cores.

    Exits with 1 if a run failed, or if a line of the scenario's `sometimes` never held.
    """
    wanted = _jobs(scenario, seeds, first)
    rows = _run(wanted, jobs, out)
    if as_json:
        for row in rows:
            click.echo(json.dumps(row))
    else:
        click.echo(_render(rows))
    failed = [row for row in rows if not row["passed"]]
    for row in failed:
        why = [v["rule"] for v in row["violations"]]
        why += [f"{v['line']} ({v['measured']})" for v in row["expected"] if not v["holds"]]
        told = "; ".join(why) or "not all agree in the end"
        click.echo(f"seed {row['seed']} {row['point'] or ''}: {told}", err=True)
    unreached = never(rows)
    for line in unreached:
        click.echo(f"never held in {len(rows)} runs: {line}", err=True)
    if failed or unreached:
        click.get_current_context().exit(FAILED)


@click.command("compare")
@click.argument("base")
@click.argument("attack")
@_SEEDS
@_FIRST
@_JOBS
@_JSON
def compare_command(
    base: str, attack: str, seeds: int, first: int, jobs: int | None, as_json: bool
) -> None:
    """Run two scenarios on the same seeds: what ATTACK changes against BASE.

    Prints each figure in both, and the mean of the differences seed by seed with its 95 %
    interval.
    """
    both = [_jobs(name, seeds, first) for name in (base, attack)]
    for name, wanted in zip((base, attack), both, strict=True):
        if len(wanted) != seeds:
            raise click.UsageError(f"{name} has a [sweep]; compare takes one point at a time")
    rows = _run([*both[0], *both[1]], jobs, None)
    found = compare(rows[:seeds], rows[seeds:])
    if as_json:
        for each in found:
            click.echo(json.dumps(_plain(asdict(each))))
    else:
        click.echo(_differences(found, seeds))


def _plain(value: object) -> object:
    """JSON has no infinity: an interval without bounds has null."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    return None if isinstance(value, float) and math.isinf(value) else value


def _jobs(name: str, seeds: int, first: int) -> list[Job]:
    try:
        return jobs(find(name), range(first, first + seeds))
    except ScenarioError as error:
        raise click.UsageError(str(error)) from None


def _run(wanted: list[Job], count: int | None, out: Path | None) -> list[Row]:
    """On this machine's cores, showing how far it has come."""
    columns = (*Progress.get_default_columns()[:2], MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    try:
        with (
            processes(count) as pool,
            Progress(*columns, console=console, disable=not console.is_terminal) as progress,
        ):
            task = progress.add_task("runs", total=len(wanted))
            return sweep(wanted, pool, out, lambda row: progress.advance(task))
    except ScenarioError as error:
        raise click.UsageError(str(error)) from None
    except OSError as error:
        raise click.UsageError(f"--out: {out} cannot be written: {error}") from None


def _render(rows: list[Row]) -> str:
    points: dict[str, list[Row]] = {}
    for row in rows:
        told = ", ".join(f"{key} = {value}" for key, value in row["point"].items())
        points.setdefault(told, []).append(row)
    lines = []
    for point, some in points.items():
        passed = sum(row["passed"] for row in some)
        lines.append(f"{point or some[0]['scenario']}: {passed} of {len(some)} passed")
        for name in HEADLINES:
            values = [v for row in some if (v := row["figures"].get(name)) is not None]
            if values:
                lines.append(f"  {name:<24}{_cell(name, interval(values))}")
    return "\n".join(lines)


def _differences(found: list[Difference], seeds: int) -> str:
    widths = (26, 14, 14, 14)
    heads = ("figure", "base", "attack", "change")
    lines = ["".join(f"{h:<{w}}" for h, w in zip(heads, widths, strict=True)) + "95 % interval"]
    for each in found:
        name = each.figure
        if each.change.mean or each.clear:
            values = (each.base.mean, each.other.mean, each.change.mean)
            cells = (name, *(_value(name, value) for value in values))
            line = "".join(f"{cell:<{w}}" for cell, w in zip(cells, widths, strict=True))
            bounds = f"{_value(name, each.change.low)} to {_value(name, each.change.high)}"
            lines.append(f"{line}{bounds}{'  *' if each.clear else ''}")
    same = sum(not (each.change.mean or each.clear) for each in found)
    lines.append(f"{seeds} seeds; *: the interval leaves out 0; {same} figures do not differ")
    return "\n".join(lines)


def _cell(name: str, over: Interval) -> str:
    if over.count == 1 or over.low == over.high:
        return _value(name, over.mean)
    return f"{_value(name, over.mean)} ±{_value(name, over.high - over.mean)}"


def _value(name: str, figure: float) -> str:
    if math.isinf(figure):
        return "?"
    unit = METRICS[name.split("(", maxsplit=1)[0]].unit
    return shown("count" if unit == "truth" else unit, round(figure, 4))
