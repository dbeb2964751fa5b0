"""Two scenarios on the same seeds: what the second costs, figure by figure."""

from collections.abc import Sequence
from dataclasses import dataclass

from holub_sim.stats import Interval, interval
from holub_sim.sweep import Row


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure in both scenarios over the same seeds, and the paired differences between them:
    what both share by chance cancels. `skipped` seeds had nothing to measure in one of them."""

    figure: str
    base: Interval
    other: Interval
    change: Interval
    skipped: int

    @property
    def clear(self) -> bool:
        """Whether the interval of the change leaves out 0."""
        return self.change.low > 0 or self.change.high < 0


def compare(base: Sequence[Row], other: Sequence[Row]) -> list[Difference]:
    """Pair rows by seed; raises ValueError where the seeds are not the same ones."""
    if [row["seed"] for row in base] != [row["seed"] for row in other]:
        raise ValueError("the two were not run with the same seeds")
    names = dict.fromkeys(name for row in (*base, *other) for name in row["figures"])
    found = []
    for name in names:
        pairs = [
            (a["figures"].get(name), b["figures"].get(name))
            for a, b in zip(base, other, strict=True)
        ]
        whole = [(a, b) for a, b in pairs if a is not None and b is not None]
        if whole:
            found.append(
                Difference(
                    figure=name,
                    base=interval([a for a, _ in whole]),
                    other=interval([b for _, b in whole]),
                    change=interval([b - a for a, b in whole]),
                    skipped=len(pairs) - len(whole),
                )
            )
    return found
