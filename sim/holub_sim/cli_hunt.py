"""`holub sim hunt` and `holub sim replay`: find what breaks a rule, and look at it again."""

import sys
from pathlib import Path

import click

from holub_protocol.areas import ukraine
from holub_sim import replay as replays
from holub_sim.hunt import Found, Hunt, attempt, hunt
from holub_sim.scenario import Scenario, ScenarioError
from holub_sim.shrink import operations, relays, shrink
from holub_sim.sweep import Stopwatch
from holub_sim.units import Span

FAILED = 1
_SECOND_US = 1_000_000


@click.command("hunt")
@click.option(
    "--seeds",
    type=click.IntRange(1),
    default=200,
    show_default=True,
    help="How many; fewer than 150 will not reach every state.",
)
@click.option("--first", type=click.IntRange(0), default=0, show_default=True)
@click.option("--cpu", "cpu_s", type=click.IntRange(1), help="Stop after so many CPU seconds.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="The folder for the replay file of what is found; this one by default.",
)
def hunt_command(seeds: int, first: int, cpu_s: int | None, out: Path) -> None:
    """Draw small cities from seeds, with all that can go wrong, and look for a broken rule.

    After the chaos everything heals and all must agree. What breaks a rule is shrunk to a few
    operations and relays, and the line to replay it is printed. Exits with 1 then, and also if
    some state that matters was never reached.
    """
    watch = Stopwatch()
    result = hunt(seeds, first, lambda so_far: cpu_s is not None and watch.cpu_s >= cpu_s)
    click.echo(f"{result.seeds} seeds from {first}, {watch.cpu_s:.1f} s of CPU")
    if result.found is not None:
        _tell(result.found, out)
        click.get_current_context().exit(FAILED)
    _tell_states(result)
    if result.unreached:
        click.get_current_context().exit(FAILED)


def _tell(found: Found, out: Path) -> None:
    areas, rule = ukraine(), found.violation.rule
    click.echo(f"seed {found.seed} breaks {rule}: {found.violation.detail}")

    def fails(scenario: Scenario, seed: int) -> bool:
        violation = attempt(scenario, seed, areas=areas).violation
        return violation is not None and violation.rule == rule

    small, seed = shrink(found.scenario, found.seed, fails)
    outcome = attempt(small, seed, areas=areas)
    click.echo(
        f"shrunk from {operations(found.scenario)} operations and {relays(found.scenario)} relays "
        f"to {operations(small)} and {relays(small)}"
    )
    path = out / f"hunt-{found.seed}.json"
    try:
        out.mkdir(parents=True, exist_ok=True)
        replays.write(replays.record(small, seed, outcome), path)
    except OSError as error:
        raise click.UsageError(f"--out: {path} cannot be written: {error}") from None
    click.echo(f"again: holub sim replay {path}")


def _tell_states(result: Hunt) -> None:
    told = ", ".join(f"{count} {state}" for state, count in sorted(result.reached.items()))
    click.echo(f"no rule broken, all agree in the end; reached: {told}")
    for state in result.unreached:
        click.echo(f"never reached: {state}; take more seeds", err=True)


@click.command("replay")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--until", metavar="TIME", help="Print up to this moment, such as 90s or 12.75.")
@click.option("--node", default="", help="Print only this relay's events: d2/r1, or just 2.")
@click.option("--quiet", is_flag=True, help="Print no events, only what came of it.")
def replay_command(file: Path, until: str | None, node: str, quiet: bool) -> None:
    """Run again what a hunt has written to FILE, and print its events, one a line.

    Exits with 1 if the rule breaks again, and says whether everything happened as then.
    """
    until_us = _moment(until) if until is not None else None
    try:
        known = replays.read(file)
        lines = None if quiet else replays.Lines(sys.stdout, node, until_us)
        outcome = replays.play(known, lines)
    except ScenarioError as error:
        raise click.UsageError(str(error)) from None
    broken = outcome.violation
    if outcome.trace != known.trace:
        why = "" if known.same_code else f": it was {known.version} that wrote the file"
        click.echo(f"the trace is {outcome.trace}, it was {known.trace}{why}", err=True)
    if broken is None:
        click.echo(f"no rule is broken; it was {known.rule}", err=True)
        return
    at = f"at {broken.t_us / _SECOND_US:.6f} s {broken.host}"
    click.echo(f"{at}: {broken.rule}: {broken.detail}", err=True)
    click.get_current_context().exit(FAILED)


def _moment(text: str) -> int:
    try:
        return round(float(text) * _SECOND_US)
    except ValueError:
        pass
    try:
        return Span.parse(text).us
    except ValueError as error:
        raise click.UsageError(f"--until: {error}, or seconds such as 12.75") from None
