"""Pairs of runs that are equal but for the attackers, and what of them is compared."""

from collections.abc import Iterable
from pathlib import Path

from msgspec.structs import replace

from holub_sim.coverage import coverage
from holub_sim.damage import Outcome
from holub_sim.run import Played, play
from holub_sim.scenario import Scenario


def pairs(
    scenario: Scenario, seeds: Iterable[int], folder: Path | None = None
) -> list[tuple[Outcome, Outcome]]:
    """Run a scenario for each seed without its attackers and with them; returns (base, attacked).
    In both the same relays are asked: those that he does not hold. Raises ScenarioError."""
    found = []
    for seed in seeds:
        attacked = play(scenario, seed, folder=folder)
        base = play(replace(scenario, attackers=()), seed, folder=folder)
        hostile = tuple(attacked.city.watch.exempt)
        found.append((_outcome(base, scenario, hostile), _outcome(attacked, scenario, hostile)))
    return found


def _outcome(played: Played, scenario: Scenario, hostile: tuple[str, ...]) -> Outcome:
    seen = coverage(played.city, scenario.duration.us - 1, hostile)
    return Outcome(seen.held, seen.late_p99_ms or 0.0, played.report.bytes_sent)
