"""What can be measured in a city whose run is over, by name: for `expect`, sweeps and comparisons.

Each metric says what it is of (classes of messages, relays, a rule, a state, a reason), and in
what: a share, a time, a count, bytes, or whether something is so.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeAlias

from holub_protocol.kinds import Class
from holub_protocol.refusal import Refusal
from holub_sim.agreement import Convergence
from holub_sim.build import City
from holub_sim.checks import RULES
from holub_sim.coverage import coverage
from holub_sim.host import Host
from holub_sim.ledger import Published
from holub_sim.scenario import ScenarioError
from holub_sim.selectors import select

Figure: TypeAlias = float | None
"""None: there was nothing to measure. A time is in microseconds."""

Unit = Literal["share", "time", "count", "bytes", "truth"]
Of = Literal["copies", "messages", "rule", "state", "reason", "run"]

HONEST = "honest"
_CLASSES = {cls.name.lower(): cls for cls in Class}
_SO, _NOT_SO = 1.0, 0.0


@dataclass(frozen=True, slots=True)
class Run:
    """A city whose run is over, how far its hosts agree, and when the last fault ended."""

    city: City
    agreed: Convergence
    heal_us: int


@dataclass(frozen=True, slots=True)
class Choice:
    """What a metric is asked about: classes (none: all), the relays at which copies count, or
    the name of a rule, a state or a reason (empty: all)."""

    classes: tuple[Class, ...] = ()
    hosts: tuple[Host, ...] = ()
    name: str = ""


@dataclass(frozen=True, slots=True)
class Metric:
    """One: what it is measured in, what it is of, what it tells."""

    unit: Unit
    of: Of
    text: str
    measure: Callable[[Run, Choice], Figure]


def choose(city: City, metric: Metric, words: Sequence[str], key: str) -> Choice:
    """Read what stands in a metric's brackets; raises ScenarioError naming `key`."""
    if not words and metric.of != "state":
        return Choice(hosts=tuple(city.hosts))
    if metric.of == "run":
        raise ScenarioError(f"{key}: it is of the whole run and takes nothing in brackets")
    if metric.of in ("copies", "messages"):
        return _chosen(city, words, key)
    known = {
        "rule": tuple(RULES),
        "reason": tuple(reason.token for reason in Refusal),
        "state": (),
    }[metric.of]
    if len(words) != 1 or (known and words[0] not in known):
        expected = f"one of {', '.join(known)}" if known else f"one {metric.of}, such as crash"
        raise ScenarioError(f"{key}: {', '.join(words)!r}; expected {expected}")
    return Choice(name=words[0])


def _chosen(city: City, words: Sequence[str], key: str) -> Choice:
    classes = tuple(_CLASSES[word] for word in words if word in _CLASSES)
    hosts = list(city.hosts)
    for word in words:
        if word == HONEST:
            hosts = [host for host in hosts if host.name not in city.watch.exempt]
        elif word not in _CLASSES:
            wanted = {host.name for host in _selected(city, word, key)}
            hosts = [host for host in hosts if host.name in wanted]
    return Choice(classes, tuple(hosts))


def _selected(city: City, word: str, key: str) -> tuple[Host, ...]:
    try:
        return select(city.hosts, word, key)
    except ScenarioError as error:
        raise ScenarioError(f"{error}; classes are {', '.join(_CLASSES)}; or {HONEST!r}") from None


def _messages(run: Run, choice: Choice) -> list[Published]:
    """Those that existed, of the classes; the charter, which all have, is none."""
    return [
        each
        for each in run.city.ledger.existing()
        if each.row.kind and (not choice.classes or each.row.cls in choice.classes)
    ]


def _waits_us(run: Run, choice: Choice) -> list[int]:
    at = {host.name: None for host in choice.hosts}
    return sorted(
        t_us - each.t_us
        for each in _messages(run, choice)
        for host, t_us in each.arrived_us.items()
        if host != each.host and host in at
    )


def _coverage(run: Run, choice: Choice) -> Figure:
    due = sum(host.name != each.host for each in _messages(run, choice) for host in choice.hosts)
    return len(_waits_us(run, choice)) / due if due else None


def _latency(percent: int) -> Callable[[Run, Choice], Figure]:
    def measure(run: Run, choice: Choice) -> Figure:
        waits_us = _waits_us(run, choice)
        rank = -(-len(waits_us) * percent // 100)
        return waits_us[max(0, rank - 1)] if waits_us else None

    return measure


def _refusals(run: Run, choice: Choice) -> Figure:
    return sum(
        count
        for host in run.city.hosts
        for reason, count in (*host.refusals.items(), *host.node.stats().refusals)
        if choice.name in ("", reason.token)
    )


def _named(counts: Callable[[City], Mapping[str, int]]) -> Callable[[Run, Choice], Figure]:
    def measure(run: Run, choice: Choice) -> Figure:
        table = counts(run.city)
        return table.get(choice.name, 0) if choice.name else sum(table.values())

    return measure


def _traffic(position: int) -> Callable[[Run, Choice], Figure]:
    return lambda run, choice: sum(wire.traffic()[position] for wire in run.city.wires)


def _bytes_per_copy(run: Run, choice: Choice) -> Figure:
    copies = len(_waits_us(run, Choice(hosts=tuple(run.city.hosts))))
    sent = _traffic(0)(run, choice)
    return sent / copies if copies and sent is not None else None


_ROWS: dict[str, Metric] = {
    "coverage": Metric("share", "copies", "copies that came, of those that could", _coverage),
    "coverage_of_possible": Metric(
        "share",
        "run",
        "alerts at honest relays, of those that could have come without the attackers",
        lambda run, choice: coverage(run.city, run.heal_us).held,
    ),
    **{
        f"latency_{name}": Metric(
            "time", "copies", f"from publication to a copy, {name}", _latency(percent)
        )
        for name, percent in (("p50", 50), ("p95", 95), ("p99", 99), ("max", 100))
    },
    "messages": Metric(
        "count", "messages", "messages published", lambda run, c: len(_messages(run, c))
    ),
    "copies": Metric("count", "copies", "copies that came", lambda run, c: len(_waits_us(run, c))),
    "broken": Metric(
        "count", "rule", "times a rule was broken", _named(lambda city: city.watch.broken_by_rule)
    ),
    "false_clears": Metric(
        "count",
        "run",
        "times a relay showed clear falsely",
        lambda run, choice: run.city.watch.broken_by_rule.get("no-false-clear", 0),
    ),
    "reached": Metric(
        "count", "state", "times a relay was in a state", _named(lambda city: city.watch.reached)
    ),
    "refusals": Metric("count", "reason", "messages refused", _refusals),
    "converged": Metric(
        "truth",
        "run",
        "whether all agree in the end",
        lambda run, choice: _SO if run.agreed.complete else _NOT_SO,
    ),
    "missing": Metric(
        "count", "run", "live copies missing in the end", lambda run, choice: run.agreed.missing
    ),
    "untrue": Metric(
        "count",
        "run",
        "areas shown otherwise than desks mean, in the end",
        lambda run, choice: len(run.agreed.untrue_areas),
    ),
    "bytes_sent": Metric("bytes", "run", "bytes of frames, all links", _traffic(0)),
    "bytes_per_copy": Metric("bytes", "run", "the same for each copy", _bytes_per_copy),
    "segments_lost": Metric("count", "run", "segments sent again", _traffic(2)),
    "connections": Metric(
        "count",
        "run",
        "links that came up",
        lambda run, choice: sum(wire.connections for wire in run.city.wires),
    ),
    "boots": Metric(
        "count", "run", "boots", lambda run, choice: sum(host.boots for host in run.city.hosts)
    ),
    "said": Metric(
        "count",
        "run",
        "what desks said",
        lambda run, choice: sum(desk.said for desk in run.city.desks),
    ),
    "turned_away": Metric(
        "count",
        "run",
        "residents whom a relay could not serve",
        lambda run, choice: sum(each.turned_away for each in run.city.residents),
    ),
    "lost_in_crashes": Metric(
        "count",
        "run",
        "messages that died with their relay",
        lambda run, choice: sum(e.lost for e in run.city.ledger.published.values()),
    ),
}

METRICS: Mapping[str, Metric] = MappingProxyType(_ROWS)
"""All of them, by name."""


def figures(run: Run) -> dict[str, Figure]:
    """Measure everything: each metric of all, and those of copies also class by class. States are
    left out: they are too many, and a sum of them says nothing."""
    found: dict[str, Figure] = {}
    everywhere = Choice(hosts=tuple(run.city.hosts))
    classes = sorted({each.row.cls for each in _messages(run, everywhere)})
    for name, metric in METRICS.items():
        if metric.of == "state":
            continue
        found[name] = metric.measure(run, everywhere)
        for cls in classes if metric.of == "copies" else ():
            choice = Choice((Class(cls),), everywhere.hosts)
            found[f"{name}({Class(cls).name.lower()})"] = metric.measure(run, choice)
    return found
