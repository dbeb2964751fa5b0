"""What floods cost those who do not flood, where only people carry messages.

Twelve relays without links, sixteen mules with 500 kB each, contacts of a minute at 32 kbit/s,
600 messages an hour of which each is for one other relay, an alert every ten minutes; then a
flood ten times as large. The nodes are real, the city is simulated: counts, the same in every
run. Beside each flood the same city without it. Usage: flood.py [seeds]
"""

from collections.abc import Callable

from _common import argument, emit

from support_flood import FULL, Walk, nothing, one_desk, sybils, twenty_desks, twenty_relays

FLOODS: tuple[tuple[str, Callable[[Walk], None], int, float | None], ...] = (
    ("5,000 Sybils through 2 of 12 relays", sybils, 2, 0.97),
    ("20 stolen keys of one authority", twenty_desks, 1, 0.95),
    ("1 stolen key of an authority", one_desk, 1, 0.90),
    ("20 stolen relays' keys beside 12 honest", twenty_relays, 1, 0.95),
)


def main() -> None:
    """Measure each flood against the calm city of the same seed."""
    for seed in range(1, argument(1) + 1):
        calm = {}
        for bad in (1, 2):
            walk = Walk(FULL, seed, bad)
            nothing(walk)
            calm[bad] = walk.run()
        for name, flood, bad, bar in FLOODS:
            walk = Walk(FULL, seed, bad)
            flood(walk)
            seen, base = walk.run(), calm[bad]
            emit(
                "flood",
                flood=name,
                seed=seed,
                of_no_flood=seen.arrived / base.arrived,
                bar=bar,
                unicast=seen.share,
                unicast_without=base.share,
                alerts=seen.reached / seen.alerts,
                alerts_without=base.reached / base.alerts,
            )


if __name__ == "__main__":
    main()
