"""The few shapes that a report's charts are made of, as text of inline SVG.

Colours are classes of the page's style sheet, so that light, dark and print are decided in one
place. A scale turns a value into a place.
"""

from collections.abc import Callable, Iterable, Sequence
from html import escape

Scale = Callable[[float], float]
Point = tuple[float, float]

_DAY_S, _HOUR_S, _MINUTE_S = 86_400, 3600, 60


def tag(name: str, content: str = "", /, **attributes: object) -> str:
    """Return an element; `_` in an attribute's name stands for `-`, `cls` for `class`."""
    words = []
    for key, value in attributes.items():
        known = "class" if key == "cls" else key.replace("_", "-")
        shown = f"{value:.1f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
        words.append(f' {known}="{escape(shown)}"')
    return f"<{name}{''.join(words)}>{content}</{name}>"


def text(x: float, y: float, words: str, cls: str = "", anchor: str = "start") -> str:
    """Return a text that begins, ends or is centred (`anchor`) at a place."""
    return tag("text", escape(words), x=x, y=y, cls=cls, text_anchor=anchor)


def line(x1: float, y1: float, x2: float, y2: float, cls: str) -> str:
    """Return a straight line."""
    return tag("line", x1=x1, y1=y1, x2=x2, y2=y2, cls=cls)


def rect(
    x: float, y: float, width: float, height: float, cls: str, opacity: float | None = None
) -> str:
    """Return a filled rectangle."""
    size = {"width": max(0.0, width), "height": max(0.0, height)}
    more = {} if opacity is None else {"opacity": f"{opacity:.2f}"}
    return tag("rect", "", x=x, y=y, cls=cls, **size, **more)


def path(points: Iterable[Point], cls: str, closed: bool = False) -> str:
    """Return a line through points, or an area."""
    places = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return tag("polygon" if closed else "polyline", points=places, cls=cls)


def svg(width: int, height: int, content: str, title: str) -> str:
    """Return a picture that fills the width there is; `title` is what is read aloud."""
    return tag(
        "svg",
        f"<title>{escape(title)}</title>{content}",
        viewBox=f"0 0 {width} {height}",
        role="img",
    )


def linear(low: float, high: float, start: float, end: float) -> Scale:
    """Return a scale from values `low` to `high` to places `start` to `end`."""
    span = high - low or 1.0
    return lambda value: start + (value - low) / span * (end - start)


def time_step_s(duration_s: float, most: int = 7) -> int:
    """Return a round number of seconds of which at most so many fit into a duration."""
    for step in (10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 14400, 21600, 43200):
        if duration_s / step <= most:
            return step
    return _DAY_S * max(1, round(duration_s / _DAY_S / most))


def shown_time(seconds: float) -> str:
    """Return a moment as people write it: 0, 30 s, 5 min, 2 h, 1 h 30, 3 d."""
    whole = round(seconds)
    if whole % _DAY_S == 0 and whole > _DAY_S:
        return f"{whole // _DAY_S} d"
    if whole >= _HOUR_S:
        hours, rest = divmod(whole, _HOUR_S)
        return f"{hours} h" if not rest else f"{hours} h {rest // _MINUTE_S:02d}"
    if whole >= _MINUTE_S:
        minutes, rest = divmod(whole, _MINUTE_S)
        return f"{minutes} min" if not rest else f"{minutes} min {rest:02d}"
    return f"{whole} s" if whole else "0"


def shown_wait(milliseconds: float) -> str:
    """Return a length of time with two or three digits and its unit."""
    for limit, unit_ms, unit in ((1, 0.001, "us"), (1000, 1, "ms"), (120_000, 1000, "s"),
                                 (7_200_000, 60_000, "min")):  # fmt: skip
        if milliseconds < limit:
            return f"{_short(milliseconds / unit_ms)} {unit}"
    return f"{_short(milliseconds / 3_600_000)} h"


def shown_bytes(count: float) -> str:
    """Return an amount of bytes with its unit."""
    for limit, unit_bytes, unit in ((1e3, 1, "B"), (1e6, 1e3, "kB"), (1e9, 1e6, "MB")):
        if count < limit:
            return f"{_short(count / unit_bytes)} {unit}"
    return f"{_short(count / 1e9)} GB"


def shown_share(share: float) -> str:
    """Return a share in percent; only a whole one is called 100 %."""
    if share >= 1 or share <= 0:
        return f"{share * 100:.0f} %"
    return f"{min(share * 100, 99.9):.1f} %"


def _short(value: float) -> str:
    return f"{value:.0f}" if value >= 100 or value == int(value) else f"{value:.2g}"


def time_axis(scale: Scale, duration_s: float, top: float, bottom: float, most: int = 7) -> str:
    """Return vertical grid lines at round times, with the times below."""
    step = time_step_s(duration_s, most)
    out = []
    for second in range(0, int(duration_s) + 1, step):
        x = scale(second)
        out.append(line(x, top, x, bottom, "grid"))
        out.append(text(x, bottom + 14, shown_time(second), "tick", "middle"))
    return "".join(out)


def share_axis(scale: Scale, left: float, right: float, values: Sequence[float] = ()) -> str:
    """Return horizontal grid lines at shares, with percents beside."""
    out = []
    for share in values or (0.0, 0.5, 1.0):
        y = scale(share)
        out.append(line(left, y, right, y, "grid"))
        out.append(text(left - 6, y + 4, f"{share * 100:.0f} %", "tick", "end"))
    return "".join(out)
