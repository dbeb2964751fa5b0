"""What each attack costs those whom the attacker does not hold: one JSON line for each run.

`held` is the share of (alert, honest relay) pairs that came about, of those that were possible
without the attacker's relays; the bar is 0.97. `late_p99_ms` is how much later than possible.
Names as arguments run only those attacks; `--pick degree` or `district` takes other relays;
`--trace infocom05` (or `hospital`) plays 90 minutes of a real trace in place of the small city.
"""

import json
import sys
import time
from pathlib import Path

from holub_sim.attacks.table import ATTACKS
from holub_sim.attacks.trial import CITY, ROOM, trial

SHARES = (0.1, 0.3, 0.5)
SEEDS = (1, 2)
BAR = 0.97
ALERTS = 5
"""What the honest desk of the trial means to say: one that is kept from it has lost them all."""


TRACES = Path(__file__).resolve().parents[2] / "shared" / "data" / "sim"
SKIP = {"infocom05": "15h", "hospital": "21h"}
"""Where in a trace the ninety minutes begin: when many meet."""


def city_of(trace: str) -> str:
    """Return the city of the trial: the small one, or people who meet as in a trace."""
    if not trace:
        return CITY
    return ROOM.format(file=TRACES / f"contacts_{trace}.csv", skip=SKIP[trace], duration="90m")


def option(words: list[str], name: str, default: str) -> str:
    """Take an option and its value out of the words."""
    if name not in words:
        return default
    value = words.pop(words.index(name) + 1)
    words.remove(name)
    return value


def measure(name: str, share: float, seed: int, pick: str, trace: str) -> dict[str, object]:
    """Run one attack and return its figures."""
    begin_s = time.process_time()
    seen = trial(name, share, seed, pick, city_of(trace))
    reached = seen.coverage
    return {
        "bench": "attacks",
        "attack": name,
        "share": share,
        "pick": pick,
        "trace": trace,
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
    pick, trace = option(words, "--pick", "random"), option(words, "--trace", "")
    for name in words or list(ATTACKS):
        for share in SHARES:
            for seed in SEEDS:
                print(json.dumps(measure(name, share, seed, pick, trace)), flush=True)
