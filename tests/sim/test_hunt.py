"""The hunt: it finds every planted bug and shrinks it to a few operations, and finds no other."""

import pytest

from holub_protocol.areas import ukraine
from holub_sim.checks import RULES
from holub_sim.draw import draw
from holub_sim.hunt import AGREEMENT, REACHED, attempt, hunt
from holub_sim.scenario import Scenario
from holub_sim.shrink import operations, relays, shrink
from support_planted import BUGS, Bug, planted

SEEDS = 150
RELAYS_MOST, OPERATIONS_MOST = 3, 8

RUNS_MOST = 1200
"""A run takes some 45 ms: so many are a minute of CPU."""


@pytest.mark.slow
def test_an_honest_node_breaks_nothing_and_every_state_is_reached() -> None:
    """150 small cities with all that can go wrong: no rule breaks, all agree in the end, and no
    interesting state was left out."""
    result = hunt(SEEDS)
    assert result.found is None
    assert result.seeds == SEEDS
    assert result.unreached == ()


def test_a_hunt_that_never_was_somewhere_says_so() -> None:
    """One seed does not reach all states."""
    result = hunt(1)
    assert result.unreached
    assert set(result.unreached) < set(REACHED)


def test_a_hunt_ends_when_it_is_told() -> None:
    """After the seed that was enough."""
    assert hunt(50, enough=lambda so_far: so_far.seeds == 2).seeds == 2


def caught(bug: Bug) -> tuple[str, int, int]:
    """Hunt for a bug and shrink what is found, in at most RUNS_MOST runs; return the rule,
    operations and relays."""
    with planted(bug):
        hunted = hunt(RUNS_MOST)
        found, runs = hunted.found, hunted.seeds
        assert found is not None
        rule, areas = found.violation.rule, ukraine()

        def fails(scenario: Scenario, seed: int) -> bool:
            nonlocal runs
            runs += 1
            violation = attempt(scenario, seed, areas=areas).violation
            return violation is not None and violation.rule == rule

        small, seed = shrink(found.scenario, found.seed, fails)
        assert fails(small, seed)
        assert runs <= RUNS_MOST
    assert not fails(small, seed)
    return rule, operations(small), relays(small)


def names(bug: Bug) -> str:
    """What a test of a bug is called."""
    return bug.name


@pytest.mark.slow
@pytest.mark.parametrize("bug", BUGS, ids=names)
def test_every_planted_bug_is_found_and_shrunk(bug: Bug) -> None:
    """At most three relays and eight operations are left of it, without the bug they break
    nothing, and it is a rule made for it that is broken."""
    rule, few, hosts = caught(bug)
    assert rule in bug.shown_by
    assert hosts <= RELAYS_MOST
    assert few <= OPERATIONS_MOST


def test_a_planted_bug_is_found_at_once() -> None:
    """The fastest of them, whenever the tests run."""
    rule, few, hosts = caught(next(bug for bug in BUGS if bug.name == "unsalted"))
    assert (rule, few) == ("salted", 0)
    assert hosts <= RELAYS_MOST


def test_there_is_a_bug_for_every_rule() -> None:
    """Each says which rules show it, and those exist."""
    shown = {rule for bug in BUGS for rule in bug.shown_by}
    assert len(BUGS) >= 10
    assert shown <= {*RULES, AGREEMENT}
    assert set(RULES) <= shown


def test_one_seed_is_one_run() -> None:
    """The same scenario, the same trace; another seed is another run of it."""
    scenario = draw(7)
    assert draw(7) == scenario
    first, second, third = attempt(scenario, 7), attempt(scenario, 7), attempt(scenario, 8)
    assert first == second
    assert first.trace != third.trace
