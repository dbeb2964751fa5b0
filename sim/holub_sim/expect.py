"""What a scenario expects: `coverage(alert, honest) >= 0.97`, `false_clears == 0`, `converged`.

A line is a metric, what it is of in brackets, and a comparison; nothing else, so that every
line can be read aloud, and its answer is either yes or no. Shares may be written as percents,
times as everywhere.
"""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from holub_sim.build import City
from holub_sim.metrics import METRICS, Choice, Figure, Metric, Run, Unit, choose
from holub_sim.scenario import ScenarioError
from holub_sim.units import Span

_LINE = re.compile(r"(not\s+)?(\w+)\s*(?:\(([^()]*)\))?\s*(?:(>=|<=|==|!=|>|<)\s*(\S+))?")
_NUMBER = re.compile(r"(\d+(?:\.\d+)?)(%)?")
_COMPARE: Mapping[str, Callable[[float, float], bool]] = MappingProxyType(
    {
        ">=": operator.ge,
        "<=": operator.le,
        "==": operator.eq,
        "!=": operator.ne,
        ">": operator.gt,
        "<": operator.lt,
    }
)
_EXPECTED: Mapping[Unit, str] = MappingProxyType(
    {
        "share": "a share such as 0.97 or 97%",
        "time": "a time such as 30s",
        "count": "a number",
        "bytes": "a number of bytes",
        "truth": "no comparison; write it alone, or behind `not`",
    }
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a line holds, and what was measured."""

    line: str
    holds: bool
    measured: str


@dataclass(frozen=True, slots=True)
class Expectation:
    """A line that was understood; `bound` is in the metric's own unit."""

    line: str
    metric: Metric
    choice: Choice
    relation: str
    bound: float

    def judge(self, run: Run) -> Verdict:
        """Measure. Where there was nothing to measure, nothing holds."""
        figure = self.metric.measure(run, self.choice)
        holds = figure is not None and _COMPARE[self.relation](figure, self.bound)
        return Verdict(self.line, holds, shown(self.metric.unit, figure))


def understand(city: City, line: str, key: str) -> Expectation:
    """Read a line; raises ScenarioError that names `key` and what is possible."""
    match = _LINE.fullmatch(line.strip())
    if match is None:
        raise ScenarioError(
            f"{key}: {line!r} is no expectation; expected one such as "
            "'coverage(alert, honest) >= 0.97', 'latency_p99(alert) <= 30s' or 'converged'"
        )
    negated, name, inside, relation, value = match.groups()
    metric = METRICS.get(name)
    if metric is None:
        raise ScenarioError(f"{key}: no metric is called {name!r}; there are {', '.join(METRICS)}")
    words = [word.strip() for word in inside.split(",")] if inside and inside.strip() else []
    choice = choose(city, metric, words, key)
    if metric.unit == "truth":
        if relation is not None:
            raise ScenarioError(f"{key}: {name} takes {_EXPECTED['truth']}")
        return Expectation(line, metric, choice, "==", 0.0 if negated else 1.0)
    bound = _bound(metric.unit, value or "")
    if negated or relation is None or bound is None:
        raise ScenarioError(
            f"{key}: {line!r}; expected a comparison of {name} with {_EXPECTED[metric.unit]}"
        )
    return Expectation(line, metric, choice, relation, bound)


def _bound(unit: Unit, text: str) -> float | None:
    if unit == "time":
        try:
            return Span.parse(text).us
        except ValueError:
            return None
    match = _NUMBER.fullmatch(text)
    if match is None or (match[2] and unit != "share"):
        return None
    return float(match[1]) / 100 if match[2] else float(match[1])


def shown(unit: Unit, figure: Figure) -> str:
    """Return a figure as a person reads it."""
    if figure is None:
        return "nothing to measure"
    if unit == "truth":
        return "yes" if figure else "no"
    if unit == "time":
        return f"{figure / 1_000_000:.3f} s"
    if unit == "share":
        return f"{figure:.4f}"
    return f"{figure:.10g}"
