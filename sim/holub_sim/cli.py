"""`holub sim`: run scenarios, list those that come with the package."""

import json
from contextlib import ExitStack
from pathlib import Path

import click

from holub_sim.report import render
from holub_sim.run import run as run_scenario
from holub_sim.scenario import Scenario, ScenarioError, bundled, find, load
from holub_sim.trace import Trace

FAILED = 1
"""Exit code where a rule was broken, or not all agreed in the end; 2 is wrong usage."""

SEED_MAX = 2**128 - 1


@click.group()
def sim() -> None:
    """Run the same node in a simulated city, with outages."""


@sim.command()
@click.argument("scenario")
@click.option(
    "--seed",
    type=click.IntRange(0, SEED_MAX),
    default=1,
    show_default=True,
    help="All chance of the run follows from it.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option(
    "--trace",
    "trace_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write what happens to this file, a line an event.",
)
def run(scenario: str, seed: int, as_json: bool, trace_file: Path | None) -> None:
    """Run SCENARIO, a .toml file or the bare name of one that `holub sim list` shows.

    Prints delivery, latency by class and bytes. Exits with 1 if a rule was broken or the relays
    did not agree in the end.
    """
    path, plan = _load(scenario)
    try:
        with ExitStack() as stack:
            sink = None
            if trace_file is not None:
                sink = stack.enter_context(trace_file.open("w", encoding="utf-8"))
            outcome = run_scenario(plan, seed, Trace(sink), path.parent)
    except ScenarioError as error:
        raise click.UsageError(f"{path}: {error}") from None
    except OSError as error:
        raise click.UsageError(f"--trace: {trace_file} cannot be written: {error}") from None
    click.echo(json.dumps(outcome.to_json()) if as_json else render(outcome))
    if not outcome.passed:
        click.echo(f"again: holub sim run {scenario} --seed {seed} --trace FILE", err=True)
        click.get_current_context().exit(FAILED)


@sim.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def list_(as_json: bool) -> None:
    """List the scenarios that come with the package."""
    for path in bundled():
        plan = load(path)
        if as_json:
            click.echo(json.dumps({"name": path.stem, "text": plan.text}))
        else:
            click.echo(f"{path.stem:<14}{plan.text}")


def _load(name: str) -> tuple[Path, Scenario]:
    try:
        path = find(name)
        return path, load(path)
    except ScenarioError as error:
        raise click.UsageError(str(error)) from None
