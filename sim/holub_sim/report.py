"""What a run showed: delivery and latency by class, bytes, broken rules, the trace's hash."""

from dataclasses import asdict, dataclass
from typing import Any

from holub_protocol.kinds import Class
from holub_protocol.refusal import Refusal
from holub_sim.agreement import Convergence
from holub_sim.build import City
from holub_sim.checks import Violation
from holub_sim.expect import Verdict
from holub_sim.metrics import Figure
from holub_sim.scenario import Scenario


@dataclass(frozen=True, slots=True)
class ClassReport:
    """One class: messages published, and copies of them at other hosts that came, of those that
    could have; from publication to a copy, in milliseconds (None: there was no copy)."""

    name: str
    messages: int
    copies: int
    copies_due: int
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    max_ms: float | None


@dataclass(frozen=True, slots=True)
class Report:
    """A whole run. `bytes_sent` are the nodes' own frames, all links and directions; every copy
    of a message that came shares them equally in `bytes_per_copy`."""

    scenario: str
    seed: int
    simulated_s: float
    hosts: int
    wires: int
    connections: int
    boots: int
    events: int
    classes: tuple[ClassReport, ...]
    bytes_sent: int
    bytes_per_copy: float | None
    segments: int
    segments_lost: int
    commits: int
    said: int
    skipped: int
    turned_away: int
    lost_in_crashes: int
    signatures_asked: int
    signatures_computed: int
    refusals: tuple[tuple[str, int], ...]
    statuses_judged: int
    violations: tuple[Violation, ...]
    broken: int
    agreed: Convergence
    trace: str
    expected: tuple[Verdict, ...] = ()
    sometimes: tuple[Verdict, ...] = ()
    figures: tuple[tuple[str, Figure], ...] = ()

    @property
    def passed(self) -> bool:
        """Whether no rule was broken, and what was expected holds; where nothing was, all agreed
        in the end."""
        if self.broken:
            return False
        return all(each.holds for each in self.expected) if self.expected else self.agreed.complete

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {**asdict(self), "figures": dict(self.figures), "passed": self.passed}


def report(scenario: Scenario, seed: int, city: City, agreed: Convergence) -> Report:
    """Count what there is to count in a city whose run is over."""
    traffic = [wire.traffic() for wire in city.wires]
    classes = tuple(filter(None, (_class_report(city, cls) for cls in Class)))
    copies = sum(each.copies for each in classes)
    bytes_sent = sum(each[0] for each in traffic)
    return Report(
        scenario=scenario.name,
        seed=seed,
        simulated_s=city.world.now_us / 1_000_000,
        hosts=len(city.hosts),
        wires=len(city.wires),
        connections=sum(wire.connections for wire in city.wires),
        boots=sum(host.boots for host in city.hosts),
        events=city.world.events,
        classes=classes,
        bytes_sent=bytes_sent,
        bytes_per_copy=round(bytes_sent / copies, 1) if copies else None,
        segments=sum(each[1] for each in traffic),
        segments_lost=sum(each[2] for each in traffic),
        commits=sum(host.disk.commits for host in city.hosts),
        said=sum(desk.said for desk in city.desks),
        skipped=sum(desk.skipped for desk in city.desks),
        turned_away=sum(residents.turned_away for residents in city.residents),
        lost_in_crashes=sum(each.lost for each in city.ledger.published.values()),
        signatures_asked=city.world.verify.asked,
        signatures_computed=city.world.verify.computed,
        refusals=_refusals(city),
        statuses_judged=city.watch.judged,
        violations=tuple(city.watch.violations),
        broken=city.watch.broken,
        agreed=agreed,
        trace=city.world.trace.digest(),
    )


def percentile(ascending: list[int], percent: int) -> int:
    """Return the least value that `percent` of all do not exceed (nearest rank)."""
    rank = -(-len(ascending) * percent // 100)
    return ascending[max(0, rank - 1)]


def _class_report(city: City, cls: Class) -> ClassReport | None:
    messages = [each for each in city.ledger.existing() if each.row.cls == cls and each.row.kind]
    if not messages:
        return None
    waits_us = sorted(
        t_us - each.t_us
        for each in messages
        for host, t_us in each.arrived_us.items()
        if host != each.host
    )
    p50, p95, p99, most = (
        percentile(waits_us, percent) / 1000 if waits_us else None for percent in (50, 95, 99, 100)
    )
    due = len(messages) * (len(city.hosts) - 1)
    return ClassReport(cls.name.lower(), len(messages), len(waits_us), due, p50, p95, p99, most)


def _refusals(city: City) -> tuple[tuple[str, int], ...]:
    total: dict[Refusal, int] = {}
    for host in city.hosts:
        counts = [*host.refusals.items(), *host.node.stats().refusals]
        for reason, count in counts:
            total[reason] = total.get(reason, 0) + count
    ordered = sorted(total.items(), key=lambda item: item[0].value)
    return tuple((reason.token, count) for reason, count in ordered)


def render(report: Report) -> str:
    """Return it as lines for a terminal."""
    agreed = report.agreed
    lines = [
        f"{report.scenario}, seed {report.seed}: {report.simulated_s / 3600:.2f} h, "
        f"{report.hosts} relays, {report.wires} links ({report.connections} connections, "
        f"{report.boots} boots), {report.events} events",
        "",
        f"{'class':<10}{'messages':>9}{'copies':>9}{'delivered':>11}"
        f"{'p50 ms':>10}{'p95 ms':>12}{'p99 ms':>12}{'max ms':>13}",
    ]
    for each in report.classes:
        shown = "".join(
            f"{'-' if value is None else format(value, '.1f'):>{width}}"
            for value, width in (
                (each.p50_ms, 10), (each.p95_ms, 12), (each.p99_ms, 12), (each.max_ms, 13),
            )
        )  # fmt: skip
        share = 100 * each.copies / each.copies_due if each.copies_due else 100
        lines.append(f"{each.name:<10}{each.messages:>9}{each.copies:>9}{share:>10.2f}%{shown}")
    lines += [
        "",
        f"bytes       {report.bytes_sent} sent, {report.bytes_per_copy} per copy; "
        f"{report.segments_lost} of {report.segments} segments lost",
        f"people      desks said {report.said} (skipped {report.skipped}), "
        f"{report.turned_away} residents turned away, {report.lost_in_crashes} lost in crashes",
        f"signatures  {report.signatures_asked} asked, {report.signatures_computed} computed",
        "refusals    " + (", ".join(f"{n} {t}" for t, n in report.refusals) or "none"),
        f"rules       {report.statuses_judged} statuses judged, {report.broken} rules broken",
    ]
    lines += [
        f"  at {violation.t_us / 1_000_000:.6f} s {violation.host}: "
        f"{violation.rule}: {violation.detail}"
        for violation in report.violations
    ]
    lines += [
        f"{label:<12}{'holds' if each.holds else 'FAILS'}: {each.line} (measured: {each.measured})"
        for label, verdicts in (("expect", report.expected), ("sometimes", report.sometimes))
        for each in verdicts
    ]
    lines += [
        f"in the end  {agreed.live} live messages, {agreed.missing} copies missing; "
        f"sets {_same(agreed.equal_sets)}, boards {_same(agreed.equal_boards)}; of "
        f"{agreed.areas} areas {len(agreed.differing_areas)} differ, "
        f"{len(agreed.untrue_areas)} are not as the desks mean",
        f"trace       {report.trace}",
        "passed" if report.passed else "FAILED",
    ]
    return "\n".join(lines)


def _same(equal: bool) -> str:
    return "equal" if equal else "DIFFERENT"
