"""What each attack costs those whom the attacker does not hold: one JSON line for each run.

`held` is the share of (alert, honest relay) pairs that came about, of those that were possible
without the attacker's relays; the bar is 0.97. `late_p99_ms` is how much later than possible.
Names as arguments run only those attacks; `--pick degree` or `district` takes other relays.
"""

import json
import sys
import time

from holub_sim.attacks.table import ATTACKS
from holub_sim.attacks.trial import trial

SHARES = (0.1, 0.3, 0.5)
SEEDS = (1, 2)
BAR = 0.97
ALERTS = 5
"""What the honest desk of the trial means to say: one that is kept from it has lost them all."""


def measure(name: str, share: float, seed: int, pick: str) -> dict[str, object]:
    """Run one attack and return its figures."""
    begin_s = time.process_time()
    seen = trial(name, share, seed, pick)
    reached = seen.coverage
    return {
        "bench": "attacks",
        "attack": name,
        "share": share,
        "pick": pick,
        "seed": seed,
        "held": round(reached.held, 4),
        "reached": reached.held >= BAR and reached.alerts == ALERTS,
        "alerts": reached.alerts,
        "due": reached.due,
        "honest": reached.honest,
        "late_p50_ms": reached.late_p50_ms,
        "late_p99_ms": reached.late_p99_ms,
        "broken": dict(seen.broken),
        "forged": seen.forged,
        "bytes_sent": seen.bytes_sent,
        "cpu_s": round(time.process_time() - begin_s, 1),
    }


if __name__ == "__main__":
    words = sys.argv[1:]
    pick = words.pop(words.index("--pick") + 1) if "--pick" in words else "random"
    names = [word for word in words if word != "--pick"] or list(ATTACKS)
    for name in names:
        for share in SHARES:
            for seed in SEEDS:
                print(json.dumps(measure(name, share, seed, pick)), flush=True)
