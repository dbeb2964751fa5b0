"""One run: chaos for the scenario's duration, then heal, settle, and demand agreement."""

from dataclasses import dataclass
from pathlib import Path

from holub_sim.agreement import converge
from holub_sim.build import City, build
from holub_sim.faults import schedule
from holub_sim.report import Report, report
from holub_sim.sampler import Sample, Sampler
from holub_sim.scenario import Scenario
from holub_sim.trace import Trace

SILENCE_US = 30_000_000
"""Nothing new for so long: what the last one said has had time to get everywhere."""

SILENCE_TRIES = 20
"""Desks sign boards every five minutes, each in its own rhythm; of a few, all are silent for
half a minute sooner or later."""


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
    heal_us = scenario.duration.us
    sampler = Sampler(city.world, city.hosts, city.watch, heal_us + scenario.settle.us)
    schedule(city.world, city.faults, heal_us)
    city.world.run(heal_us)
    for host in city.hosts:
        host.boot()
    city.world.run(heal_us + scenario.settle.us)
    _await_silence(city)
    now_s = scenario.start_s + city.world.now_us // 1_000_000
    agreed = converge(city.hosts, city.ledger, city.areas, city.offices, now_s)
    return Played(city, report(scenario, seed, city, agreed), tuple(sampler.samples))


def _await_silence(city: City) -> None:
    """A board that was signed this very second is not everywhere: wait for a better moment."""
    for _ in range(SILENCE_TRIES):
        quiet_us = city.ledger.last_us + SILENCE_US
        if city.world.now_us >= quiet_us:
            return
        city.world.run(quiet_us)
