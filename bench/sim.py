"""How fast the simulator runs: bundled scenarios, one JSON line each.

`events` are entries of the heap, `cpu_s` is this process's CPU time, `realtime` how many
simulated seconds pass in one of them. Names as arguments run only those scenarios.
"""

import json
import sys
import time

from holub_sim.run import run
from holub_sim.scenario import bundled, find, load

SEED = 1


def measure(name: str) -> dict[str, object]:
    """Run one scenario and return its figures."""
    plan = load(find(name))
    begin_s = time.process_time()
    outcome = run(plan, SEED, folder=find(name).parent)
    cpu_s = time.process_time() - begin_s
    return {
        "bench": "sim",
        "scenario": name,
        "seed": SEED,
        "passed": outcome.passed,
        "hosts": outcome.hosts,
        "simulated_s": outcome.simulated_s,
        "events": outcome.events,
        "cpu_s": round(cpu_s, 2),
        "events_per_s": round(outcome.events / cpu_s),
        "realtime": round(outcome.simulated_s / cpu_s),
        "bytes_per_copy": outcome.bytes_per_copy,
        "trace": outcome.trace,
    }


if __name__ == "__main__":
    for scenario in sys.argv[1:] or [path.stem for path in bundled()]:
        print(json.dumps(measure(scenario)), flush=True)
