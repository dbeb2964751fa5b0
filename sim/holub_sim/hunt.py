"""The hunt for a scenario that breaks a rule: chaos, then heal, and all must agree."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from holub_protocol.areas import AreaTree, ukraine
from holub_sim.build import City, build
from holub_sim.checks import Care, RuleBrokenError, Violation
from holub_sim.draw import PLACES, draw
from holub_sim.run import agreement, endure
from holub_sim.scenario import Scenario
from holub_sim.trace import Trace

SWEEP_US = 10_000_000
STEP_US = 30_000_000
"""Between two questions whether all agree: after half a minute in silence they should."""

AGREEMENT = "agreement"
ERROR = "error"

REACHED = (
    "crash",
    "lost-in-crash",
    "link-down",
    "ranges",
    "wants",
    "offers",
    "needs",
    "parked",
    "pieces",
    "superseded",
    "evicted",
    "refused-bad-signature",
)
"""States that a hunt must have been in: if one never came about, it looked at nothing there."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one scenario showed: the first broken rule, if any, the trace's hash, and how often
    it was in which state."""

    violation: Violation | None
    trace: str
    reached: Mapping[str, int]


@dataclass(slots=True)
class Found:
    """A seed whose scenario breaks a rule."""

    seed: int
    scenario: Scenario
    violation: Violation


@dataclass(slots=True)
class Hunt:
    """How far a hunt has come."""

    seeds: int = 0
    reached: dict[str, int] = field(default_factory=dict)
    found: Found | None = None

    @property
    def unreached(self) -> tuple[str, ...]:
        """The states of REACHED that never came about."""
        return tuple(state for state in REACHED if not self.reached.get(state))


def attempt(
    scenario: Scenario, seed: int, trace: Trace | None = None, areas: AreaTree | None = None
) -> Outcome:
    """Run a scenario up to its first broken rule, or until all agree.

    An exception of a node is a broken rule too ("error"), and so is that all do not agree
    within the scenario's `settle` after the end of all faults ("agreement"). Raises
    ScenarioError where the scenario names what does not exist.
    """
    city = build(scenario, seed, trace, areas=areas, care=Care(SWEEP_US, stop=True))
    violation = None
    try:
        endure(city, scenario)
        violation = _settle(city, scenario)
    except RuleBrokenError as broken:
        violation = broken.violation
    except Exception as error:  # whatever a node raises is what is looked for
        detail = f"{type(error).__name__}: {error}"
        violation = Violation(city.world.now_us, "-", ERROR, detail)
    return Outcome(violation, city.world.trace.digest(), city.watch.reached)


def _settle(city: City, scenario: Scenario) -> Violation | None:
    until_us = scenario.duration.us + scenario.settle.us
    while True:
        agreed = agreement(city, PLACES)
        if agreed.complete:
            return None
        if city.world.now_us >= until_us:
            detail = (
                f"{agreed.missing} copies missing of {', '.join(agreed.missing_ids) or 'none'}; "
                f"sets equal {agreed.equal_sets}, boards equal {agreed.equal_boards}; differing "
                f"areas {agreed.differing_areas}, untrue {agreed.untrue_areas}"
            )
            return Violation(city.world.now_us, "-", AGREEMENT, detail)
        city.world.run(min(until_us, city.world.now_us + STEP_US))


def hunt(seeds: int, first: int = 0, enough: Callable[[Hunt], bool] = lambda hunt: False) -> Hunt:
    """Try the scenarios of `seeds` seeds from `first` on, until one breaks a rule or `enough`
    says so after a seed."""
    areas = ukraine()
    result = Hunt()
    for seed in range(first, first + seeds):
        scenario = draw(seed)
        outcome = attempt(scenario, seed, areas=areas)
        result.seeds += 1
        for state, count in outcome.reached.items():
            result.reached[state] = result.reached.get(state, 0) + count
        if outcome.violation is not None:
            result.found = Found(seed, scenario, outcome.violation)
        if result.found is not None or enough(result):
            break
    return result
