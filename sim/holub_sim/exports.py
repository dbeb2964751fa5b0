"""A report as files for other tools: JSON lines, CSV, JUnit XML and Markdown."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from xml.etree import ElementTree

from holub_sim.build import City
from holub_sim.damage import Damage
from holub_sim.figures import Figures
from holub_sim.page import page
from holub_sim.svg import shown_share, shown_wait

COLUMNS = ("id", "kind", "class", "area", "host", "published_s", "copies", "first_s", "last_s")


def write_all(
    folder: Path, shown: Figures, city: City, again: str, damage: Sequence[Damage] = ()
) -> tuple[Path, ...]:
    """Write every form into a folder, made where it is missing; returns the files. Raises
    OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = {
        "report.html": page(shown, again, damage),
        "report.jsonl": "".join(f"{line}\n" for line in json_lines(shown)),
        "messages.csv": messages_csv(city),
        "junit.xml": junit(shown, again),
        "summary.md": markdown(shown, again),
    }
    for name, content in texts.items():
        (folder / name).write_text(content, encoding="utf-8")
    return tuple(folder / name for name in texts)


def json_lines(shown: Figures) -> Iterator[str]:
    """Yield the run, then each curve, spread, sample, band and relay: one object a line, told
    apart by `type`."""
    yield json.dumps({"type": "run", **shown.report.to_json()})
    if shown.damage is not None:
        held = shown.damage.held
        yield json.dumps({"type": "coverage", "held": held, **asdict(shown.damage)})
    for band in shown.bands:
        yield json.dumps({"type": "band", **asdict(band)})
    for curve in shown.curves:
        yield json.dumps({"type": "curve", **asdict(curve)})
    for spread in shown.by_kind:
        yield json.dumps({"type": "latency", "of": "kind", **asdict(spread)})
    for spread in shown.by_district:
        yield json.dumps({"type": "latency", "of": "district", **asdict(spread)})
    for sample in shown.samples:
        yield json.dumps({"type": "stores", **asdict(sample)})
    for served in shown.served:
        yield json.dumps({"type": "served", **asdict(served)})


def messages_csv(city: City) -> str:
    """Return a row for each message that was not lost with its relay; times are seconds of the
    run, empty where there was no copy."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(COLUMNS)
    for each in city.ledger.existing():
        copies = sorted(t_us for name, t_us in each.arrived_us.items() if name != each.host)
        first, last = (f"{copies[i] / 1e6:.6f}" if copies else "" for i in (0, -1))
        row = each.row
        said = f"{each.t_us / 1e6:.6f}"
        rows.writerow(
            (row.id.hex(), row.kind, row.cls, row.area, each.host, said, len(copies), first, last)
        )
    return out.getvalue()


def junit(shown: Figures, again: str) -> str:
    """Return the run as a test suite: a case for the rules and one for agreement, and where
    attackers were one for what they achieved."""
    report = shown.report
    cases: list[tuple[str, str]] = [
        ("rules", "\n".join(f"{v.t_us / 1e6:.6f} s {v.host}: {v.rule}: {v.detail}"
                            for v in report.violations)),
        ("agreement", "" if report.agreed.complete else str(report.agreed)),
    ]  # fmt: skip
    if shown.damage is not None:
        held = shown.damage.held
        cases.append(("unplugged", "" if held >= 0.97 else f"held {held:.4f}, the bar is 0.97"))
    suite = ElementTree.Element(
        "testsuite",
        name=f"holub sim {report.scenario}",
        tests=f"{len(cases)}",
        failures=f"{sum(bool(wrong) for _, wrong in cases)}",
        errors="0",
        time=f"{report.simulated_s:.3f}",
    )
    properties = ElementTree.SubElement(suite, "properties")
    for name, value in (("seed", report.seed), ("trace", report.trace), ("again", again)):
        ElementTree.SubElement(properties, "property", name=name, value=f"{value}")
    for name, wrong in cases:
        case = ElementTree.SubElement(
            suite, "testcase", classname=f"sim.{report.scenario}", name=f"{name}-{report.seed}"
        )
        if wrong:
            failure = ElementTree.SubElement(case, "failure", message=wrong.splitlines()[0][:200])
            failure.text = f"{wrong}\n{again}"
    ElementTree.indent(suite)
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def markdown(shown: Figures, again: str) -> str:
    """Return a summary for a job's page."""
    report = shown.report
    lines = [
        f"## {report.scenario}, seed {report.seed}: {'passed' if report.passed else 'FAILED'}",
        "",
        shown.text,
        "",
        "| kind | messages | came | possible | p50 | p95 | p99 |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    spreads = {each.name: each for each in shown.by_kind}
    for curve in shown.curves:
        spread = spreads.get(curve.name)
        waits = (spread.p50_ms, spread.p95_ms, spread.p99_ms) if spread is not None else ()
        cells = " | ".join(map(shown_wait, waits)) if waits else "- | - | -"
        lines.append(
            f"| {curve.name} | {curve.messages} | {shown_share(curve.came[-1])} "
            f"| {shown_share(curve.possible[-1])} | {cells} |"
        )
    if shown.damage is not None:
        seen = shown.damage
        share = f"{shown_share(seen.held)} ({seen.came} of {seen.due})"
        lines += ["", f"Under attack {share} of what was possible without his relays came."]
    lines += ["", f"Rules broken: {report.broken}. Again: `{again}`", ""]
    return "\n".join(lines)
