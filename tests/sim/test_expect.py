"""Expectations: what can be said, what comes of it, and how an error helps."""

from dataclasses import replace as replace_field

import pytest
from msgspec.structs import replace

from holub_sim.expect import Verdict, shown, understand
from holub_sim.metrics import METRICS, Run
from holub_sim.run import agreement, run
from holub_sim.scenario import ScenarioError
from support_sim import city, small

S = 1_000_000


def test_lines_are_judged() -> None:
    """Shares as percents too, times as everywhere, truths alone or behind `not`."""
    town = city()
    town.world.run(400 * S)
    over = Run(town, agreement(town), 400 * S)

    def holds(line: str) -> bool:
        return understand(town, line, "expect[0]").judge(over).holds

    assert holds("coverage(alert, honest) >= 0.97")
    assert holds("coverage(alert) >= 97%")
    assert not holds("coverage(alert) < 1")
    assert holds("latency_p99(alert, d2) <= 30s")
    assert not holds("latency_p99(alert, d2) <= 1ms")
    assert holds("false_clears == 0")
    assert holds("broken(no-false-clear) == 0")
    assert holds("converged")
    assert not holds("not converged")
    assert holds("messages(people) > 3")
    assert not holds("latency_p50(bulk) < 1h")


def test_every_metric_can_be_expected() -> None:
    """None of them fails to be measured, and each shows as a text."""
    town = city()
    town.world.run(100 * S)
    over = Run(town, agreement(town), 100 * S)
    bounds = {"share": " >= 0", "time": " >= 0s", "count": " >= 0", "bytes": " >= 0", "truth": ""}
    for name, metric in METRICS.items():
        of = "(crash)" if metric.of == "state" else ""
        verdict = understand(town, f"{name}{of}{bounds[metric.unit]}", "key").judge(over)
        assert verdict.measured
        assert verdict.holds or metric.unit == "truth"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("covrage >= 1", "no metric is called 'covrage'; there are coverage, "),
        ("coverage >= 1 or converged", "is no expectation; expected one such as 'coverage"),
        ("coverage", "expected a comparison of coverage with a share such as 0.97 or 97%"),
        ("coverage >= 30s", "with a share"),
        ("latency_p99 <= 30", "with a time such as 30s"),
        ("messages >= 5%", "with a number"),
        ("not messages >= 5", "with a number"),
        ("converged == 1", "write it alone, or behind `not`"),
        ("coverage(alrt) >= 1", "'alrt' selects no relay"),
    ],
)
def test_errors_say_what_is_possible(line: str, told: str) -> None:
    """And where the line stands."""
    with pytest.raises(ScenarioError) as error:
        understand(city(), line, "expect[2]")
    assert str(error.value).startswith("expect[2]: ")
    assert told in str(error.value)


def test_a_run_passes_if_what_is_expected_holds() -> None:
    """Then agreement is demanded only where a line demands it; a scenario that expects nothing
    demands it always."""
    plan = small(duration='"70s"', settle='"1s"')
    line = "coverage(alert) == 1"
    tolerant = run(replace(plan, expect=(line,)), 1)
    assert tolerant.expected == (Verdict(line, True, "1.0000"),)
    strict = run(replace(plan, expect=("converged", "not converged")), 1)
    assert [verdict.holds for verdict in strict.expected] == [True, False]
    assert (tolerant.passed, strict.passed, run(plan, 1).passed) == (True, False, True)
    apart = replace_field(tolerant.agreed, missing=1)
    assert replace_field(tolerant, agreed=apart).passed
    assert not replace_field(tolerant, agreed=apart, expected=()).passed
    assert not replace_field(tolerant, broken=1).passed


def test_figures_are_shown_in_their_unit() -> None:
    """Times in seconds, truths as words."""
    assert shown("time", 1_500_000) == "1.500 s"
    assert shown("truth", 1.0) == "yes"
    assert shown("share", 0.5) == "0.5000"
    assert shown("count", None) == "nothing to measure"
