"""What attackers cost, as differences between pairs of runs that are equal but for them.

Each seed is run with the scenario's attackers and without. Chance has named streams, so the two
differ in nothing else; the interval is that of the mean difference (stats.py).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from holub_sim.stats import interval


@dataclass(frozen=True, slots=True)
class Damage:
    """One measure: the mean of attacked minus base over `pairs`, from `low` to `high`."""

    name: str
    unit: str
    mean: float
    low: float
    high: float
    pairs: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What of one run is compared: the share of due alerts that came to honest relays, their p99
    of lateness in milliseconds, and bytes sent."""

    held: float
    late_p99_ms: float
    bytes_sent: int


_MEASURES: tuple[tuple[str, str, Callable[[Outcome], float]], ...] = (
    ("alerts that came", "points", lambda each: 100 * each.held),
    ("lateness p99", "ms", lambda each: each.late_p99_ms),
    ("bytes sent", "MB", lambda each: each.bytes_sent / 1e6),
)


def damages(pairs: Sequence[tuple[Outcome, Outcome]]) -> tuple[Damage, ...]:
    """Compare (base, attacked) pairs, at least two; raises ValueError for fewer."""
    if len(pairs) < 2:
        raise ValueError(f"{len(pairs)} pairs have no interval; give two seeds or more")
    found = []
    for name, unit, read in _MEASURES:
        differences = [read(attacked) - read(base) for base, attacked in pairs]
        over = interval(differences)
        found.append(Damage(name, unit, over.mean, over.low, over.high, over.count))
    return tuple(found)
