"""The report as one HTML file: charts as inline SVG, no script, light, dark and on paper."""

from collections.abc import Callable, Iterable, Sequence
from html import escape

from holub_sim import charts
from holub_sim.damage import Damage
from holub_sim.figures import Figures
from holub_sim.svg import shown_bytes, shown_share, shown_time, shown_wait, tag

STYLE = """
:root { --paper: #fdfdfb; --ink: #1d2329; --quiet: #66707a; --grid: #e4e6e6; --came: #0b62a8;
  --possible: #9aa3ab; --band: #d8d3c4; --attack: #efc9c2; --good: #1b6e3c; --bad: #b3261e;
  --trust: #7a7f87; --alert: #c1481a; --grant: #b9bec4; --official: #2f7f96; --people: #5c8fc9;
  --bulk: #c9b458; --tile: #e9eaea; color-scheme: light dark; }
@media (prefers-color-scheme: dark) { :root { --paper: #14181c; --ink: #e4e8ea; --quiet: #98a2ab;
  --grid: #2a3137; --came: #6db3f2; --possible: #6c7780; --band: #39372f; --attack: #55302c;
  --good: #6fcf97; --bad: #ff8a80; --trust: #8c939b; --alert: #f08a5d; --grant: #5d666e;
  --official: #57b3cc; --people: #6f9fd8; --bulk: #b5a24e; --tile: #262c32; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 28px 20px 60px; max-width: 820px; background: var(--paper);
  color: var(--ink); font: 15px/1.5 system-ui, "Segoe UI", "Noto Sans", sans-serif; }
h1 { font-size: 25px; margin: 0 0 2px; } h2 { font-size: 17px; margin: 34px 0 4px; }
p { margin: 4px 0 10px; } .quiet { color: var(--quiet); font-size: 13.5px; }
.verdict { font-weight: 600; } .passed { color: var(--good); } .failed { color: var(--bad); }
.facts { display: flex; flex-wrap: wrap; gap: 10px 30px; margin: 16px 0 4px; padding: 0; }
.facts div { min-width: 104px; } .facts b { display: block; font-size: 19px; font-weight: 600; }
.facts span { color: var(--quiet); font-size: 13px; }
.panels { display: grid; grid-template-columns: repeat(auto-fit, minmax(330px, 1fr)); gap: 12px; }
svg { width: 100%; height: auto; display: block; font-size: 12px; fill: var(--ink); }
svg .grid { stroke: var(--grid); } svg .tick { fill: var(--quiet); font-size: 11px; }
svg .head { font-weight: 600; } svg .zero { stroke: var(--quiet); }
svg .came { fill: none; stroke: var(--came); stroke-width: 2; stroke-linejoin: round; }
svg .possible { fill: none; stroke: var(--possible); stroke-width: 1.6; stroke-dasharray: 4 3; }
svg text.end { stroke: none; font-size: 11.5px; font-weight: 600; }
svg text.came { fill: var(--came); } svg text.possible { fill: var(--quiet); }
svg .band { fill: var(--band); opacity: .55; } svg .attack { fill: var(--attack); opacity: .5; }
svg .answer { fill: var(--good); opacity: .3; }
svg .span { stroke: var(--came); stroke-width: 2; opacity: .45; }
svg .dot { fill: var(--came); } svg .mid { opacity: .7; }
svg .far { fill: var(--paper); stroke: var(--came); stroke-width: 2; }
svg .tile { fill: var(--tile); } svg .full { fill: var(--came); }
svg .tile-name { font-size: 9px; fill: var(--ink); } svg .over { fill: var(--paper); }
svg .area { stroke: var(--paper); stroke-width: .6; }
CLASSES
table { border-collapse: collapse; font-size: 14px; margin: 6px 0; width: 100%; }
th { text-align: left; font-weight: 600; color: var(--quiet); font-size: 12.5px; }
th, td { padding: 3px 12px 3px 0; border-bottom: 1px solid var(--grid); }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
code { font: 12.5px/1.45 ui-monospace, "DejaVu Sans Mono", monospace; }
pre { background: var(--tile); padding: 10px 12px; border-radius: 4px; overflow-x: auto;
  white-space: pre-wrap; overflow-wrap: anywhere; }
.key { display: inline-block; width: 22px; height: 0; border-top: 2px solid var(--came);
  vertical-align: middle; margin: 0 5px 0 10px; }
.key.dashed { border-top: 2px dashed var(--possible); }
.key.wide { height: 11px; border: 0; background: var(--band); }
.key.wide.attack { background: var(--attack); }
.key.wide.answer { background: var(--good); opacity: .3; }
@media print { body { max-width: none; padding: 0; font-size: 12.5px; }
  h2, .quiet { break-after: avoid; }
  .quiet, svg, table, .panels > svg { break-inside: avoid; }
  .panels { grid-template-columns: 1fr 1fr; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
""".strip()

_BANDS = (
    ("attack", "attack", "attacks"),
    ("answer", "revocation", "keys that are revoked"),
)
"""How what is no outage looks, what it is called, and its words."""

_CLASSES = ("trust", "alert", "grant", "official", "people", "bulk")


def page(shown: Figures, again: str, damage: Sequence[Damage] = ()) -> str:
    """Return the file's text. `again` is the command that repeats the run, `damage` what a
    comparison with the same city without attackers gave."""
    report = shown.report
    title = f"{report.scenario}, seed {report.seed}"
    parts = [_head(shown, title), _facts(shown)]
    parts += [part(shown) for part in _PARTS]
    parts.insert(6, _damage(shown, damage))
    parts.append(_rules(shown, again))
    style = STYLE.replace("CLASSES", "\n".join(_colours()))
    return (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{escape(title)}</title>\n<style>\n{style}\n</style>\n"
        + "\n".join(part for part in parts if part)
        + "\n</html>\n"
    )


def _colours() -> Iterable[str]:
    for name in _CLASSES:
        yield f"svg polygon.{name} {{ fill: var(--{name}); opacity: .85; }}"
        yield f"svg polyline.{name} {{ stroke: var(--{name}); }}"
        yield f"svg text.{name} {{ fill: color-mix(in srgb, var(--{name}) 55%, var(--ink)); }}"


def _head(shown: Figures, title: str) -> str:
    report = shown.report
    verdict = "passed" if report.passed else "failed"
    agreed = report.agreed
    wrong = []
    if report.broken:
        wrong.append(f"{report.broken} times a rule was broken")
    if unmet := sum(not each.holds for each in report.expected):
        wrong.append(f"{unmet} of {len(report.expected)} expectations do not hold")
    if agreed.missing:
        wrong.append(f"{agreed.missing} copies are missing in the end")
    if not agreed.equal_sets:
        wrong.append("relays hold different sets")
    if agreed.differing_areas or agreed.untrue_areas:
        wrong.append(
            f"{len(agreed.differing_areas)} areas differ between relays and "
            f"{len(agreed.untrue_areas)} are not as the desks mean"
        )
    why = "; ".join(wrong) or "no rule was broken, and all relays agree in the end"
    return (
        f"<h1>{escape(title)}</h1>\n<p>{escape(shown.text)}</p>\n"
        f'<p><span class="verdict {verdict}">{verdict}</span>: {escape(why)}.</p>\n'
        f'<p class="quiet">{shown_time(report.simulated_s)} from {escape(shown.start)}; '
        f"{report.hosts} relays, {report.wires} links, {report.events} events. Only relays that "
        "no attacker holds are counted below.</p>\n" + _expected(shown)
    )


def _expected(shown: Figures) -> str:
    """What the scenario expects, line by line, with what was measured."""
    rows = []
    for each in shown.report.expected:
        cls, word = ("passed", "holds") if each.holds else ("failed", "fails")
        rows.append(
            f'<tr><td><code>{escape(each.line)}</code></td><td class="n">{escape(each.measured)}'
            f'</td><td class="n {cls}">{word}</td></tr>'
        )
    head = '<tr><th>expected</th><th class="n">measured</th><th class="n"></th></tr>'
    return f"<table>{head}{''.join(rows)}</table>" if rows else ""


def _facts(shown: Figures) -> str:
    report = shown.report
    alert = next((each for each in shown.by_kind if each.name == "alert"), None)
    curve = next((each for each in shown.curves if each.name == "alert"), None)
    facts: list[tuple[str, str]] = []
    if curve is not None:
        facts.append((shown_share(curve.came[-1]), "of the alerts' copies came"))
        facts.append((shown_share(curve.possible[-1]), "of them were possible"))
    if alert is not None:
        facts.append((shown_wait(alert.p50_ms), "half of them within"))
        facts.append((shown_wait(alert.p99_ms), "99 % within"))
    if shown.alert_copies:
        each = shown_bytes(shown.alert_bytes / shown.alert_copies)
        facts.append((each, "alert frames per copy"))
    if shown.published:
        facts.append((f"{shown.puts / shown.published:.1f}", "messages sent per operation"))
    facts.append((shown_bytes(report.bytes_sent), "sent in all"))
    if report.lost_in_crashes or report.turned_away:
        facts.append((f"{report.lost_in_crashes}", "lost in crashes"))
        facts.append((f"{report.turned_away}", "residents turned away"))
    cells = "".join(f"<div><b>{escape(v)}</b><span>{escape(n)}</span></div>" for v, n in facts)
    return f'<div class="facts">{cells}</div>'


def _timeline(shown: Figures) -> str:
    if not shown.bands:
        return ""
    rows = len({band.name for band in shown.bands})
    more = f" The first {charts.BAND_ROWS} of {rows} are shown." if rows > charts.BAND_ROWS else ""
    legend = [
        f'<span class="key wide {look}"></span>{text}'
        for look, what, text in _BANDS
        if any(band.what.startswith(what) for band in shown.bands)
    ]
    return (
        "<h2>What went wrong</h2>\n"
        '<p class="quiet"><span class="key wide"></span>outages'
        f"{''.join(legend)}; all are drawn behind every curve below."
        f"{more}</p>\n" + charts.timeline(shown.bands, shown.duration_s)
    )


def _delivery(shown: Figures) -> str:
    if not shown.curves:
        return ""
    sampled = [c for c in shown.curves if c.sampled < c.messages]
    some = ", ".join(f"{c.name}: {c.sampled} of {c.messages} messages" for c in sampled)
    note = f" Evenly chosen: {some}." if some else ""
    panels = "".join(charts.delivery(curve, shown.bands) for curve in shown.curves)
    return (
        "<h2>Delivery</h2>\n"
        '<p class="quiet">Of all copies of a kind that there could be, the share that had come by '
        'each moment<span class="key"></span>came<span class="key dashed"></span>possible: the '
        "oracle's bound, by the earliest way over paths that were open. Boards that a newer one "
        "replaces on the way are never sent, nor are proofs beside which another of the same "
        f"stands, so these stay below.{note}</p>\n"
        f'<div class="panels">{panels}</div>'
    )


def _latency(shown: Figures) -> str:
    if not shown.by_kind:
        return ""
    out = (
        "<h2>Latency</h2>\n"
        '<p class="quiet">From publication to the moment another relay has taken the message in; '
        "p50, p95 and p99 of all copies, on a logarithmic axis.</p>\n"
        + charts.waits(shown.by_kind, "Latency by kind")
    )
    if len(shown.by_district) > 1:
        out += '\n<p class="quiet">Alerts, by the district in which they arrived:</p>\n'
        out += charts.waits(shown.by_district, "Latency of alerts by district")
    return out


def _map(shown: Figures) -> str:
    if shown.spreading is None:
        return ""
    alert = shown.spreading
    return (
        "<h2>How the slowest alert spread</h2>\n"
        f'<p class="quiet">Alert {alert.name}, said at {shown_time(alert.said_s)} at '
        f"{escape(alert.source)}. A tile is a district, the darker the more of its relays had it."
        f"</p>\n{charts.reach_map(alert)}"
    )


def _stores(shown: Figures) -> str:
    if not shown.samples:
        return ""
    fullest = max(each.fullest for each in shown.samples)
    out = (
        "<h2>Stores</h2>\n"
        f'<p class="quiet">Bytes that all running relays held. The fullest store was at '
        f"{shown_share(fullest)} of its room.</p>\n" + charts.stores(shown.samples, shown.bands)
    )
    if any(shown.samples[-1].evicted):
        out += '\n<p class="quiet">Messages put aside for want of room, so far:</p>\n'
        return out + charts.evictions(shown.samples, shown.bands)
    return out + '\n<p class="quiet">Nothing was put aside for want of room.</p>'


def _served(shown: Figures) -> str:
    if not shown.served:
        return ""
    rows = "".join(
        f'<tr><td>{escape(each.host)}</td><td class="n">{each.came} of {each.due}</td>'
        f'<td class="n">{shown_wait(each.late_max_ms)}</td></tr>'
        for each in shown.served
    )
    return (
        "<h2>Served worst</h2>\n"
        '<p class="quiet">Alerts that came, of those that could have, and how much later than '
        "possible the latest was.</p>\n"
        '<table><tr><th>relay</th><th class="n">alerts</th><th class="n">latest by</th></tr>'
        f"{rows}</table>"
    )


def _damage(shown: Figures, damage: Sequence[Damage]) -> str:
    if shown.damage is None:
        return ""
    seen = shown.damage
    words = (
        f"{len(shown.hostile)} of {shown.report.hosts} relays were his"
        + (", and he stood next to others with machines of his own" if shown.beside else "")
        + f". Of {seen.due} pairs (alert, honest relay) that were possible without his relays, "
        f"{seen.came} came about while he was there: {shown_share(seen.held)}; the bar is 97 %."
    )
    if shown.forged:
        words += (
            f" He signed {shown.forged} messages with keys that he had; honest relays took in "
            f"{shown.forged_copies} copies of them."
        )
    if shown.misled:
        words += (
            f" {shown.misled} honest relays showed clear for a place where an alert was on, by the "
            "word of the stolen key."
        )
    out = f"<h2>What the attacker achieved</h2>\n<p>{escape(words)}</p>"
    if damage:
        out += (
            f'\n<p class="quiet">Beside the same city without him, mean of {damage[0].pairs} '
            "seeds, with the 95 % interval of the paired difference:</p>\n" + charts.damages(damage)
        )
    return out


def _rules(shown: Figures, again: str) -> str:
    broken = shown.report.violations
    if broken:
        rows = "".join(
            f'<tr><td class="n">{each.t_us / 1e6:.3f} s</td><td>{escape(each.host)}</td>'
            f"<td>{escape(each.rule)}</td><td>{escape(each.detail)}</td></tr>"
            for each in broken
        )
        body = (
            '<table><tr><th class="n">at</th><th>relay</th><th>rule</th><th>what</th></tr>'
            f"{rows}</table>"
        )
    else:
        judged = shown.report.statuses_judged
        body = f"<p>None. {judged} statuses were judged.</p>"
    refused = ", ".join(f"{count} {token}" for token, count in shown.report.refusals) or "none"
    return (
        f"<h2>Rules broken</h2>\n{body}\n<p class='quiet'>Refusals counted by all relays: "
        f"{escape(refused)}.</p>\n<h2>Again</h2>\n<pre><code>{escape(again)}</code></pre>\n"
        f"<p class='quiet'>Trace {tag('code', shown.report.trace)}: the same scenario and seed "
        "give the same.</p>"
    )


_PARTS: tuple[Callable[[Figures], str], ...] = (
    _timeline, _delivery, _latency, _map, _stores, _served,
)  # fmt: skip
