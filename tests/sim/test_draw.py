"""Scenarios from seeds: small, varied, and each the same everywhere."""

import os
import subprocess
import sys

from holub_sim.build import build
from holub_sim.draw import draw
from holub_sim.shrink import operations, relays

PROGRAM = (
    "from holub_sim.draw import draw; from holub_sim.hunt import attempt;"
    "print([attempt(draw(s), s).trace for s in range(5)])"
)


def test_scenarios_are_small_and_can_be_built() -> None:
    """Two to five relays, a few operations, and nothing in them that the builder refuses."""
    for seed in range(40):
        scenario = draw(seed)
        assert 2 <= relays(scenario) <= 5
        assert 3 <= operations(scenario) <= 14
        assert len(build(scenario, seed).hosts) == relays(scenario)


def test_features_come_and_go() -> None:
    """Each appears in some and is missing in others: more desks than one, cuts, forgeries, small
    stores, wrong clocks, revocations, disks that are torn or wiped."""
    drawn = [draw(seed) for seed in range(40)]
    for feature in (
        [len(s.desks) > 1 for s in drawn],
        [bool(s.outages) for s in drawn],
        [bool(s.forgeries) for s in drawn],
        [s.machine.store_bytes < 1 << 20 for s in drawn],
        [bool(s.machine.clock_off.us) for s in drawn],
        [bool(s.revocations) for s in drawn],
        *([any(o.store == store for o in s.outages) for s in drawn] for store in ("torn", "wiped")),
    ):
        assert any(feature)
        assert not all(feature)


def test_seeds_give_the_same_in_every_process() -> None:
    """Two hash seeds: the same scenarios and the same traces."""
    told = [
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hash_seed in ("1", "2")
    ]
    assert told[0] == told[1]
