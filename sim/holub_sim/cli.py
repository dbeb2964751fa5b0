"""`holub sim`: run scenarios, list those that come with the package; the rest is beside this."""

import json
from contextlib import ExitStack
from pathlib import Path

import click

from holub_sim.cli_hunt import hunt_command, replay_command
from holub_sim.cli_sweep import compare_command, sweep_command
from holub_sim.locate import placed
from holub_sim.publish import publish
from holub_sim.report import render
from holub_sim.run import play
from holub_sim.scenario import Scenario, ScenarioError, bundled, find, load
from holub_sim.trace import Trace

FAILED = 1
"""Exit code where a rule was broken, or what was expected does not hold; 2 is wrong usage."""

SEED_MAX = 2**128 - 1


@click.group()
def sim() -> None:
    """Run the same node in a simulated city, with outages and attackers."""


for command in (sweep_command, compare_command, hunt_command, replay_command):
    sim.add_command(command)


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
@click.option(
    "--report",
    "page_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a page with charts to this .html file.",
)
@click.option(
    "--out",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write the page, JSON lines, CSV, JUnit XML and a Markdown summary into this folder.",
)
@click.option(
    "--pairs",
    "pair_count",
    type=click.IntRange(2, 1000),
    help="For a report: run so many seeds with the attackers and without, and show the damage.",
)
def run(
    scenario: str,
    seed: int,
    as_json: bool,
    trace_file: Path | None,
    page_file: Path | None,
    folder: Path | None,
    pair_count: int | None,
) -> None:
    """Run SCENARIO, a .toml file or the bare name of one that `holub sim list` shows.

    Prints delivery, latency by class and bytes. Exits with 1 if a rule was broken, or if what
    the scenario expects does not hold; where it expects nothing, the relays must agree in the end.
    """
    path, plan = _load(scenario)
    try:
        with ExitStack() as stack:
            sink = None
            if trace_file is not None:
                sink = stack.enter_context(trace_file.open("w", encoding="utf-8"))
            played = play(plan, seed, Trace(sink), path.parent)
    except ScenarioError as error:
        raise click.UsageError(placed(str(path), path.read_text("utf-8"), str(error))) from None
    except OSError as error:
        raise click.UsageError(f"--trace: {trace_file} cannot be written: {error}") from None
    outcome = played.report
    click.echo(json.dumps(outcome.to_json()) if as_json else render(outcome))
    again = f"holub sim run {scenario} --seed {seed}"
    try:
        if page_file is not None or folder is not None:
            publish(played, plan, path.parent, again, page_file, folder, pair_count)
    except OSError as error:
        raise click.UsageError(f"the report cannot be written: {error}") from None
    if not outcome.passed:
        click.echo(f"again: {again} --trace FILE", err=True)
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
            click.echo(f"{path.stem:<16}{plan.text}")


def _load(name: str) -> tuple[Path, Scenario]:
    try:
        path = find(name)
        return path, load(path)
    except ScenarioError as error:
        raise click.UsageError(str(error)) from None
