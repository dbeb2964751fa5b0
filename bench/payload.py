"""1 MiB at 9.6 kbit/s over a link that breaks: link time beside what the content's frames need.

Two simulated relays with the daemon's node; up-times are exponential. Alerts are published in the
middle, and the receiver is killed once. Usage: payload.py [runs]
"""

import statistics

from _common import argument, emit

from support_trickle import Run

SIZE = 1 << 20
MEAN_UP_S = 60


def main() -> None:
    """Print a line for each run, and the ratio over all."""
    ratios: list[float] = []
    waits: list[float] = []
    for seed in range(1, argument(5) + 1):
        done = Run(SIZE, "9600", MEAN_UP_S, seed).go()
        ratios.append(done.ratio)
        emit("payload", seed=seed, ratio=done.ratio, bar=1.03, link_s=done.up_s,
             breaks=done.breaks, chunks=done.count, sent=done.chunks_out,
             right=done.right)  # fmt: skip
        shaken = Run(SIZE, "9600", MEAN_UP_S, seed).go(kill_at=500, alert_at=(200, 400, 600, 800))
        waits += shaken.waits_s
        emit("payload, killed and with alerts", seed=seed, ratio=shaken.ratio, kills=shaken.kills,
             alert_s=max(shaken.waits_s, default=0.0), sent=shaken.chunks_out,
             right=shaken.right)  # fmt: skip
    emit("payload, all runs", ratio=statistics.mean(ratios), bar=1.03, alert_s=max(waits))


if __name__ == "__main__":
    main()
