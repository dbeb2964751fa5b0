"""How fast the hunt finds planted bugs, and how small it makes them: one JSON line each.

`seeds` were tried until a rule broke, `find_s` of CPU; `cpu_s` is that and the shrinking.
Names as arguments hunt only those bugs. The bars: 60 s, 3 relays, 8 operations.
"""

import json
import sys
import time

from holub_protocol.areas import ukraine
from holub_sim.hunt import attempt, hunt
from holub_sim.scenario import Scenario
from holub_sim.shrink import operations, relays, shrink
from support_planted import BUGS, Bug, planted

SEEDS = 5000


def measure(bug: Bug) -> dict[str, object]:
    """Hunt for one bug and return the figures."""
    begin_s = time.process_time()
    areas = ukraine()
    with planted(bug):
        result = hunt(SEEDS)
        find_s = time.process_time() - begin_s
        found = result.found
        if found is None:
            return {"bench": "hunt", "bug": bug.name, "seeds": result.seeds, "found": False}
        rule = found.violation.rule

        def fails(scenario: Scenario, seed: int) -> bool:
            violation = attempt(scenario, seed, areas=areas).violation
            return violation is not None and violation.rule == rule

        small, _ = shrink(found.scenario, found.seed, fails)
    return {
        "bench": "hunt",
        "bug": bug.name,
        "found": True,
        "rule": rule,
        "seeds": result.seeds,
        "find_s": round(find_s, 2),
        "cpu_s": round(time.process_time() - begin_s, 2),
        "operations": operations(small),
        "relays": relays(small),
    }


if __name__ == "__main__":
    for each in BUGS:
        if len(sys.argv) == 1 or each.name in sys.argv[1:]:
            print(json.dumps(measure(each)), flush=True)
