"""The waits that `overtake` has measured, against the link's speed, beside a plain sender.

Reads its JSON lines on standard input and writes one SVG, dark or light as the reader's page:
`overtake.py | _plot.py docs/overtake.svg`. The plain sender's waits are those of bench/README.md.
"""

import json
import math
import sys
from pathlib import Path

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 640, 360, 64, 150, 24, 52
SPEEDS = (9_600, 64_000, 1_000_000)
WAITS_S = (0.01, 0.1, 1.0, 10.0, 100.0)
PLAIN_S = {9_600: 50.0, 64_000: 39.0, 1_000_000: 1.8}
STYLE = """
text { font: 13px system-ui, sans-serif; fill: #444 } .title { font-weight: 600; fill: #111 }
.grid { stroke: #ddd } .ours { stroke: #0b6bcb; fill: #0b6bcb } .plain { stroke: #999; fill: #999 }
.bar { stroke: #c0392b; stroke-width: 2 } path.ours, path.plain { fill: none; stroke-width: 2 }
text.ours, text.plain { stroke: none } .paper { fill: #fff }
@media (prefers-color-scheme: dark) {
  text { fill: #bbb } .title { fill: #eee } .grid { stroke: #333 } .paper { fill: #111 }
}
"""


def x_of(bits_per_s: float) -> float:
    """Where a speed lies, logarithmically."""
    low, high = math.log10(SPEEDS[0]), math.log10(SPEEDS[-1])
    share = (math.log10(bits_per_s) - low) / (high - low)
    return LEFT + 20 + share * (WIDTH - LEFT - RIGHT - 40)


def y_of(wait_s: float) -> float:
    """Where a wait lies, logarithmically."""
    low, high = math.log10(WAITS_S[0]), math.log10(WAITS_S[-1])
    share = (math.log10(wait_s) - low) / (high - low)
    return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)


def curve(points: dict[int, float], name: str, cls: str, label_dy: int) -> str:
    """A line through points, each with its value so far below it, named at its end."""
    places = [(x_of(speed), y_of(wait)) for speed, wait in sorted(points.items())]
    steps = " L".join(f"{x:.1f},{y:.1f}" for x, y in places)
    out = f'<path class="{cls}" d="M{steps}"/>'
    for (x, y), wait in zip(places, (points[s] for s in sorted(points)), strict=True):
        out += f'<circle class="{cls}" cx="{x:.1f}" cy="{y:.1f}" r="4"/>'
        out += f'<text x="{x:.1f}" y="{y + label_dy:.1f}" text-anchor="middle">{wait:.2g} s</text>'
    x, y = places[-1]
    return out + f'<text class="{cls}" x="{x + 22:.1f}" y="{y + 4:.1f}">{name}</text>'


def picture(medians: dict[int, float], worst: dict[int, float], bars: dict[int, float]) -> str:
    """Return the whole SVG."""
    parts = [f'<rect class="paper" width="{WIDTH}" height="{HEIGHT}"/>']
    parts.append(
        f'<text class="title" x="{LEFT}" y="16">Wait of an alert behind 10,000 messages and 64 KB '
        "in a modem</text>"
    )
    for wait in WAITS_S:
        y = y_of(wait)
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{wait:g} s</text>')
    for speed, label in zip(SPEEDS, ("9.6 kbit/s", "64 kbit/s", "1 Mbit/s"), strict=True):
        x = x_of(speed)
        parts.append(f'<text x="{x}" y="{HEIGHT - 28}" text-anchor="middle">{label}</text>')
        y = y_of(bars[speed])
        parts.append(f'<line class="bar" x1="{x - 12}" x2="{x + 12}" y1="{y}" y2="{y}"/>')
        parts.append(
            f'<line class="ours" x1="{x}" x2="{x}" y1="{y_of(medians[speed])}" '
            f'y2="{y_of(worst[speed])}"/>'
        )
    parts.append(
        f'<text x="{LEFT}" y="{HEIGHT - 8}">line: median of five, up to the worst; red: the bar; '
        "both scales logarithmic</text>"
    )
    parts += [curve(PLAIN_S, "plain sender", "plain", -9)]
    parts += [curve(medians, "Holub", "ours", 20)]
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="Waits of an alert by speed of the link">\n<style>{STYLE}</style>\n{body}\n'
        "</svg>\n"
    )


def main() -> None:
    """Read, draw, write."""
    rows = [json.loads(line) for line in sys.stdin if line.strip()]
    medians = {row["rate"]: row["median"] for row in rows}
    worst = {row["rate"]: row["max"] for row in rows}
    bars = {row["rate"]: row["bar_s"] for row in rows}
    Path(sys.argv[1]).write_text(picture(medians, worst, bars), encoding="utf-8")


if __name__ == "__main__":
    main()
