"""How fast the simulator runs, and how far it is right: one JSON line each.

A node event is one call of a node's input: bytes that came, a link up or down, a timer that is
due, something said. `cpu_s` is this process's CPU time, `realtime` how many simulated seconds pass
in one of them, `peak_mib` the process's largest resident size so far. Each measurement runs in a
process of its own.

    thousand      1,000 relays, 24 h, 300 alerts and the boards of their desk
    NAME          a bundled scenario
    oracle-TRACE  all letters of a real trace, flooding: equality with the oracle on every pair
    one-TRACE     the compact letters: delivery and delay beside The ONE's, and CPU beside its 189 s
                  (Helsinki), 229 s (Infocom 2005), 22 s (hospital) on an idle machine of two cores

Without arguments: `thousand:0.1`, a tenth of the day and of the alerts, quiet-hour, siren-day and
one-helsinki.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from holub_protocol.areas import ukraine
from holub_sim.plans import Town
from holub_sim.run import play
from holub_sim.scenario import DeskPlan, Saying, Scenario, find, load
from holub_sim.units import Span
from support_oracle import (
    TRACES,
    Post,
    delivered,
    directly,
    earliest,
    letters,
    micros,
    rows,
    the_ones,
)

SEED = 1
HOUR_US = 3_600_000_000
GRID_US = 100_000
THE_ONE_CPU_S = {"helsinki": 189.4, "infocom05": 228.6, "hospital": 21.5}
"""The ONE's epidemic routing of the same letters, measured alone on two idle cores."""

TTL_H = {"helsinki": 5, "infocom05": 24, "hospital": 24, "primary_school": 24}
DEFAULT = ("thousand:0.1", "quiet-hour", "siren-day", "one-helsinki")


def thousand(part: float) -> Scenario:
    """1,000 relays that each dial two others, and 150 alerts that begin and end in 24 hours."""
    areas = ukraine().board_order
    says = []
    for i in range(round(150 * part)):
        at_us = (i * 24 + 1) * HOUR_US // 150
        name, area = str(i), areas[i % len(areas)]
        says.append(Saying(at=Span(at_us), verb="start", area=area, alert=name))
        end_us = at_us + HOUR_US // 10
        says.append(Saying(at=Span(end_us), verb="clear", area=area, alert=name))
    return Scenario(
        name="thousand",
        start=datetime(2026, 3, 1, tzinfo=UTC),
        duration=Span(round(24 * part * HOUR_US)),
        settle=Span(60_000_000),
        world=Town(districts=10, buildings=1000, relays=1, peers=2),
        desks=(DeskPlan(name="city", at="d1/b1/r1", says=tuple(says)),),
    )


def measure(name: str) -> dict[str, object]:
    """Run a scenario and return its figures."""
    kind, _, part = name.partition(":")
    path = None if kind == "thousand" else find(kind)
    plan = thousand(float(part or 1)) if path is None else load(path)
    begin_s = time.process_time()
    played = play(plan, SEED, folder=None if path is None else path.parent)
    cpu_s = time.process_time() - begin_s
    found = played.report
    return {
        "passed": found.passed,
        "hosts": found.hosts,
        "simulated_s": found.simulated_s,
        "messages": sum(each.messages for each in found.classes),
        "copies": sum(each.copies for each in found.classes),
        **speed(played.city.world.inputs, cpu_s),
        "heap_events": found.events,
        "realtime": round(found.simulated_s / cpu_s),
        "bytes_per_copy": found.bytes_per_copy,
        "trace": found.trace,
    }


def speed(node_events: int, cpu_s: float) -> dict[str, object]:
    """Return how fast node events went by."""
    peak_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "node_events": node_events,
        "cpu_s": round(cpu_s, 1),
        "node_events_per_s": round(node_events / cpu_s),
        "peak_mib": peak_kib // 1024,
    }


def contacts_of(trace: str) -> Path:
    """The file of a trace, gzipped or not."""
    plain = TRACES / f"contacts_{trace}.csv"
    return plain if plain.exists() else plain.with_name(f"{plain.name}.gz")


def oracle(trace: str) -> dict[str, object]:
    """Flood the broadcast letters over a whole trace, and compare every pair with the oracle."""
    path = contacts_of(trace)
    workload = letters(TRACES / f"messages_{trace}_bcast.csv")
    table = [
        (micros(row["t_up"]), micros(row["t_down"]), int(row["a"]), int(row["b"]))
        for row in rows(path)
    ]
    given = {
        (row["msg_id"], int(row["node"])): micros(row["delay_s"])
        for row in rows(TRACES / "arrivals_oracle_bcast.csv.gz")
        if row["trace"] == trace
    }
    until_us = max(down_us for _, down_us, _, _ in table)
    post = Post(path, workload, until_us)
    begin_s = time.process_time()
    arrived = post.run()
    cpu_s = time.process_time() - begin_s
    pairs = unequal = unlike_given = 0
    for letter in workload:
        first = earliest(table, len(post.city.hosts), letter.source, letter.t_us)
        for node, at_us in enumerate(first):
            here = arrived[letter.name].get(node)
            pairs += at_us is not None
            late_us = None if here is None or at_us is None else here - at_us
            unequal += (here is None) is not (at_us is None)
            unequal += late_us is not None and not 0 <= late_us < GRID_US
            delay_us = given.get((letter.name, node))
            if delay_us is not None:
                off_us = GRID_US if here is None else here - letter.t_us - delay_us
                unlike_given += not 0 <= off_us < GRID_US
    return {
        "pairs": pairs,
        "unequal": unequal,
        "given": len(given),
        "unlike_given": unlike_given,
        **speed(post.city.world.inputs, cpu_s),
    }


def beside_the_one(trace: str) -> dict[str, object]:
    """Flood the compact letters over a whole trace, then deliver each directly."""
    path = contacts_of(trace)
    workload = letters(TRACES / f"messages_{trace}_compact.csv")
    table = [
        (micros(row["t_up"]), micros(row["t_down"]), int(row["a"]), int(row["b"]))
        for row in rows(path)
    ]
    until_us, ttl_us = max(row[1] for row in table), TTL_H[trace] * HOUR_US
    post = Post(path, workload, until_us)
    begin_s = time.process_time()
    flooding = delivered(post, workload, ttl_us)
    cpu_s = time.process_time() - begin_s
    with tempfile.TemporaryDirectory() as folder:
        pairs, moved = directly(table, workload, Path(folder))
        direct = delivered(Post(pairs, moved, until_us), moved, ttl_us)
    theirs = [
        the_ones(trace, router, workload, ttl_us) for router in ("Epidemic", "DirectDelivery")
    ]
    the_one_s = THE_ONE_CPU_S.get(trace)
    return {
        "flooding": [flooding.share, round(flooding.median_s, 1)],
        "the_one_flooding": [theirs[0].share, theirs[0].median_s],
        "direct": [direct.share, round(direct.median_s, 1)],
        "the_one_direct": [theirs[1].share, theirs[1].median_s],
        **speed(post.city.world.inputs, cpu_s),
        "the_one_cpu_s": the_one_s,
        "less_cpu": None if the_one_s is None else round(the_one_s / cpu_s, 1),
    }


def figures(name: str) -> dict[str, object]:
    """Measure what a name means."""
    what, _, trace = name.partition("-")
    if what in ("oracle", "one") and trace in TTL_H:
        if not contacts_of(trace).exists():
            return {"skipped": f"{contacts_of(trace).name} is not here"}
        return oracle(trace) if what == "oracle" else beside_the_one(trace)
    return measure(name)


if __name__ == "__main__":
    names = sys.argv[1:] or list(DEFAULT)
    if len(names) == 1:
        print(json.dumps({"bench": "sim", "what": names[0], **figures(names[0])}), flush=True)
    else:
        for each in names:
            subprocess.run([sys.executable, __file__, each], check=True)
