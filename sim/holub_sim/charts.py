"""A report's charts. Each is one picture with its own axes, units and direct labels."""

import math
from collections.abc import Iterable, Sequence

from holub_protocol.kinds import Class
from holub_sim.damage import Damage
from holub_sim.faults import Band
from holub_sim.figures import Curve, Spread, Spreading
from holub_sim.sampler import Sample
from holub_sim.svg import (
    Scale,
    line,
    linear,
    path,
    rect,
    share_axis,
    shown_bytes,
    shown_share,
    shown_wait,
    svg,
    tag,
    text,
    time_axis,
)

WIDTH = 760
ROW = 22
BAND_ROWS = 16
_LEFT, _RIGHT = 46, 70
_WAIT_TICKS_MS = (1, 10, 100, 1000, 10_000, 60_000, 600_000, 3_600_000, 21_600_000, 86_400_000)


def timeline(bands: Sequence[Band], duration_s: float) -> str:
    """Draw what went wrong and when: one row for each name."""
    rows: dict[str, list[Band]] = {}
    for band in bands:
        rows.setdefault(band.name, []).append(band)
    names = list(rows)[:BAND_ROWS]
    left = 8 + 6.6 * max((len(name) for name in names), default=0)
    height = ROW * len(names) + 26
    scale = linear(0, duration_s, left, WIDTH - 20)
    out = [time_axis(scale, duration_s, 4, height - 22)]
    for number, name in enumerate(names):
        y = 4 + ROW * number
        out.append(text(left - 8, y + 15, name, "label", "end"))
        for band in rows[name]:
            from_s, until_s = _ends(band, duration_s)
            width = max(2.0, scale(until_s) - scale(from_s))
            out.append(rect(scale(from_s), y + 5, width, ROW - 10, _band_class(band)))
    return svg(WIDTH, height, "".join(out), "What went wrong, and when")


def delivery(curve: Curve, bands: Sequence[Band]) -> str:
    """Draw the share of all copies that had come by each moment, and what was possible."""
    width, height, right = 372, 190, 76
    duration_s = curve.at_s[-1]
    x = linear(0, duration_s, _LEFT, width - right)
    y = linear(0, 1, height - 24, 26)
    out = [
        _shades(bands, duration_s, x, 26, height - 24),
        share_axis(y, _LEFT, width - right),
        time_axis(x, duration_s, 26, height - 24, most=4),
        text(_LEFT, 14, curve.name, "head"),
        path(zip(map(x, curve.at_s), map(y, curve.possible), strict=True), "possible"),
        path(zip(map(x, curve.at_s), map(y, curve.came), strict=True), "came"),
    ]
    ends = (("possible", curve.possible[-1]), ("came", curve.came[-1]))
    top = y(ends[0][1])
    for number, (name, share) in enumerate(ends):
        place = max(y(share), top + 13) + 4 if number else top + 4
        out.append(text(width - right + 5, place, f"{shown_share(share)}", f"end {name}"))
    title = f"{curve.name}: copies that had come, and that were possible, over time"
    return svg(width, height, "".join(out), title)


def waits(spreads: Sequence[Spread], title: str) -> str:
    """Draw p50, p95 and p99 of each row on a logarithmic axis of time."""
    least = min(each.p50_ms for each in spreads)
    most = max(each.p99_ms for each in spreads)
    low, high = math.log10(max(0.1, least / 1.5)), math.log10(max(2 * least, most * 1.5))
    left = 20 + 7 * max(len(each.name) for each in spreads)
    scale = linear(low, high, left, WIDTH - 250)
    height = ROW * len(spreads) + 48
    out = []
    for tick_ms in _WAIT_TICKS_MS:
        if low <= math.log10(tick_ms) <= high:
            place = scale(math.log10(tick_ms))
            out.append(line(place, 22, place, height - 22, "grid"))
            out.append(text(place, height - 8, shown_wait(tick_ms), "tick", "middle"))
    for number, name in enumerate(("p50", "p95", "p99")):
        out.append(text(WIDTH - 180 + 60 * number, 14, name, "tick", "end"))
    out.append(text(WIDTH, 14, "copies", "tick", "end"))
    for number, each in enumerate(spreads):
        y = 22 + ROW * number + ROW / 2
        values = (each.p50_ms, each.p95_ms, each.p99_ms)
        places = [scale(math.log10(max(0.1, value))) for value in values]
        out.append(text(left - 12, y + 4, each.name, "label", "end"))
        out.append(line(places[0], y, places[2], y, "span"))
        for place, cls in zip(places, ("dot", "dot mid", "dot far"), strict=True):
            out.append(tag("circle", cx=place, cy=y, r=4, cls=cls))
        for column, value in enumerate(values):
            shown = shown_wait(value)
            out.append(text(WIDTH - 180 + 60 * column, y + 4, shown, "value", "end"))
        out.append(text(WIDTH, y + 4, f"{each.copies}", "value", "end"))
    return svg(WIDTH, height, "".join(out), title)


def reach_map(spreading: Spreading) -> str:
    """Draw the districts as tiles, once for each moment: darker the more of their relays had it."""
    moments = spreading.moments
    districts = len(moments[0].districts)
    columns = math.ceil(math.sqrt(districts))
    rows = math.ceil(districts / columns)
    pitch = (WIDTH - 8) / max(3, len(moments))
    tile = min(34.0, (pitch - 18) / columns)
    height = round(40 + rows * tile)
    out = []
    for number, moment in enumerate(moments):
        left = 4 + number * pitch
        got = sum(each[1] for each in moment.districts)
        all_ = sum(each[2] for each in moment.districts)
        out.append(text(left, 14, f"+{shown_wait(moment.after_s * 1000)}", "head"))
        out.append(text(left, 28, f"{got} of {all_} relays", "tick"))
        for place, (name, had, of) in enumerate(moment.districts):
            x, y = left + place % columns * tile, 36 + place // columns * tile
            share = had / of if of else 0
            out.append(rect(x, y, tile - 2, tile - 2, "tile"))
            out.append(rect(x, y, tile - 2, tile - 2, "tile full", share))
            cls = "tile-name over" if share > 0.55 else "tile-name"
            middle = x + tile / 2 - 1
            if tile >= 18:
                out.append(text(middle, y + tile / 2 + 3, name[:5], cls, "middle"))
    return svg(WIDTH, height, "".join(out), "Relays that had the slowest alert, by district")


def stores(samples: Sequence[Sample], bands: Sequence[Band]) -> str:
    """Draw what all stores hold over time, class upon class."""
    duration_s = samples[-1].t_us / 1e6
    most = max(sum(each.held_bytes) for each in samples) or 1
    height, right = 220, 120
    x = linear(0, duration_s, _LEFT + 20, WIDTH - right)
    y = linear(0, most, height - 24, 12)
    out = [_shades(bands, duration_s, x, 12, height - 24)]
    for share in (0.0, 0.5, 1.0):
        place = y(most * share)
        out.append(line(_LEFT + 20, place, WIDTH - right, place, "grid"))
        out.append(text(_LEFT + 14, place + 4, shown_bytes(most * share), "tick", "end"))
    out.append(time_axis(x, duration_s, 12, height - 24))
    below = [0] * len(samples)
    labels = []
    for cls in Class:
        above = [low + each.held_bytes[cls] for low, each in zip(below, samples, strict=True)]
        if above != below:
            upper = [(x(s.t_us / 1e6), y(v)) for s, v in zip(samples, above, strict=True)]
            lower = [(x(s.t_us / 1e6), y(v)) for s, v in zip(samples, below, strict=True)]
            name = cls.name.lower()
            out.append(path([*upper, *reversed(lower)], f"area {name}", closed=True))
            count = samples[-1].held_bytes[cls]
            labels.append(((upper[-1][1] + lower[-1][1]) / 2, name, shown_bytes(count)))
        below = above
    out += _spaced(labels, WIDTH - right + 6, 12, height - 24)
    return svg(WIDTH, height, "".join(out), "Bytes held in all stores, by class")


def evictions(samples: Sequence[Sample], bands: Sequence[Band]) -> str:
    """Draw how many messages were put aside for want of room, by class, so far."""
    duration_s = samples[-1].t_us / 1e6
    most = max(samples[-1].evicted)
    height, right = 130, 120
    x = linear(0, duration_s, _LEFT + 20, WIDTH - right)
    y = linear(0, most, height - 24, 12)
    out = [
        _shades(bands, duration_s, x, 12, height - 24),
        time_axis(x, duration_s, 12, height - 24),
    ]
    labels = []
    for count in (0, most):
        out.append(text(_LEFT + 14, y(count) + 4, f"{count}", "tick", "end"))
        out.append(line(_LEFT + 20, y(count), WIDTH - right, y(count), "grid"))
    for cls in Class:
        if samples[-1].evicted[cls]:
            points = [(x(each.t_us / 1e6), y(each.evicted[cls])) for each in samples]
            out.append(path(points, f"came {cls.name.lower()}"))
            labels.append((points[-1][1], cls.name.lower(), f"{samples[-1].evicted[cls]}"))
    out += _spaced(labels, WIDTH - right + 6, 12, height - 24)
    return svg(WIDTH, height, "".join(out), "Messages evicted so far, by class")


def damages(found: Sequence[Damage]) -> str:
    """Draw paired differences to the same city without attackers, with their intervals."""
    left = 20 + 7 * max(len(each.name) for each in found)
    height = ROW * len(found) + 20
    out = []
    for number, each in enumerate(found):
        y = 10 + ROW * number + ROW / 2
        reach = max(abs(each.low), abs(each.high), 1e-9) * 1.15
        scale = linear(-reach, reach, left, WIDTH - 290)
        out.append(text(left - 12, y + 4, each.name, "label", "end"))
        out.append(line(scale(0), y - ROW / 2, scale(0), y + ROW / 2, "zero"))
        out.append(line(scale(each.low), y, scale(each.high), y, "span"))
        out.append(tag("circle", cx=scale(each.mean), cy=y, r=4, cls="dot"))
        shown = f"{each.mean:+.4g} {each.unit} ({each.low:+.4g} to {each.high:+.4g})"
        out.append(text(WIDTH, y + 4, shown, "value", "end"))
    return svg(WIDTH, height, "".join(out), "Damage: paired differences with 95 % intervals")


def _spaced(
    labels: Iterable[tuple[float, str, str]], x: float, top: float, end: float
) -> list[str]:
    """Labels beside the ends of their curves, none over another."""
    out: list[str] = []
    floor = end + 13.0
    for y, name, value in sorted(labels, reverse=True):
        place = max(top, min(y + 4, floor - 13))
        floor = place
        out.append(text(x, place, f"{name} {value}", f"end {name}"))
    return out


def _shades(bands: Sequence[Band], duration_s: float, x: Scale, top: float, bottom: float) -> str:
    """What went wrong, behind a curve: what overlaps is drawn once for each kind."""
    out = []
    for cls in ("band", "band attack"):
        mine = sorted(_ends(band, duration_s) for band in bands if _band_class(band) == cls)
        for from_s, until_s in _merged(mine):
            width = max(1.0, x(until_s) - x(from_s))
            out.append(rect(x(from_s), top, width, bottom - top, cls))
    return "".join(out)


def _merged(stretches: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    found: list[tuple[float, float]] = []
    for from_s, until_s in stretches:
        if found and from_s <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], until_s))
        else:
            found.append((from_s, until_s))
    return found


def _ends(band: Band, duration_s: float) -> tuple[float, float]:
    return min(band.from_us / 1e6, duration_s), min(band.until_us / 1e6, duration_s)


def _band_class(band: Band) -> str:
    if band.what == "revocation":
        return "band answer"
    return "band attack" if band.what.startswith("attack") else "band"
