"""One run: chaos for the scenario's duration, then heal, settle, and demand agreement."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from holub_sim.agreement import Convergence, converge
from holub_sim.build import City, build
from holub_sim.expect import understand
from holub_sim.faults import schedule
from holub_sim.metrics import Run, figures
from holub_sim.report import Report, report
from holub_sim.sampler import Sample, Sampler
from holub_sim.scenario import Scenario
from holub_sim.trace import Trace

SILENCE_US = 30_000_000
"""Nothing new for so long: what the last one said has had time to get everywhere."""

SILENCE_TRIES = 20
"""Desks sign boards every five minutes, each in its own rhythm; of a few, all are silent for
half a minute sooner or later."""

CROWDED = ("evicted", "receipted", "refused-full", "refused-quota")
"""States after which not everything that people and bulk said can be everywhere."""


def run(
    scenario: Scenario, seed: int, trace: Trace | None = None, folder: Path | None = None
) -> Report:
    """Run a scenario; the same one with the same seed gives the same report and trace. Raises
    ScenarioError where it names what does not exist."""
    return play(scenario, seed, trace, folder).report


@dataclass(frozen=True, slots=True)
class Played:
    """A run that is over: the city as it stands, its report, and looks at its stores."""

    city: City
    report: Report
    samples: tuple[Sample, ...]


def play(
    scenario: Scenario, seed: int, trace: Trace | None = None, folder: Path | None = None
) -> Played:
    """As `run`, and keep the city."""
    city = build(scenario, seed, trace, folder)
    end_us = scenario.duration.us + scenario.settle.us
    sampler = Sampler(city.world, city.hosts, city.watch, end_us)
    expected, sometimes = (
        tuple(understand(city, line, f"{key}[{i}]") for i, line in enumerate(lines))
        for key, lines in (("expect", scenario.expect), ("sometimes", scenario.sometimes))
    )
    endure(city, scenario)
    city.world.run(end_us)
    _await_silence(city)
    agreed = agreement(city)
    over = Run(city, agreed, scenario.duration.us)
    found = replace(
        report(scenario, seed, city, agreed),
        expected=tuple(each.judge(over) for each in expected),
        sometimes=tuple(each.judge(over) for each in sometimes),
        figures=tuple(figures(over).items()),
    )
    return Played(city, found, tuple(sampler.samples))


def endure(city: City, scenario: Scenario) -> None:
    """Let the scenario's duration pass with all its faults; then all of them end."""
    heal_us = scenario.duration.us
    schedule(city.world, city.faults, heal_us)
    city.world.run(heal_us)
    for host in city.hosts:
        host.boot()


def agreement(city: City, places: Sequence[int] | None = None) -> Convergence:
    """Compare all hosts as they are now, at all areas of a board or at `places`."""
    now_s = city.world.start_s + city.world.now_us // 1_000_000
    crowded = any(map(city.watch.reached.get, CROWDED))
    manned = {desk.authority for desk in city.desks if not desk.revoked}
    silent = tuple(n for n in range(1, len(city.offices) + 1) if n not in manned)
    return converge(
        city.hosts, city.ledger, city.areas, city.offices, now_s, places, crowded, silent
    )


def _await_silence(city: City) -> None:
    """A board that was signed this very second is not everywhere: wait for a better moment."""
    for _ in range(SILENCE_TRIES):
        quiet_us = city.ledger.last_us + SILENCE_US
        if city.world.now_us >= quiet_us:
            return
        city.world.run(quiet_us)
