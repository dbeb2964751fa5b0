"""The daemon's driver and the simulator's agree."""

from pathlib import Path

import pytest
import trio
import trio.testing

from support_twin import driven, script, simulated


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_the_daemons_driver_ends_where_the_simulator_does(tmp_path: Path, seed: int) -> None:
    """Twenty scenarios of contacts, alerts, people's words and machines that start anew: in the
    end each node holds the same messages, the same boards, and shows the same everywhere."""
    plan = script(seed)
    clock = trio.testing.MockClock(autojump_threshold=0)
    theirs = trio.run(driven, tmp_path, plan, clock=clock)
    ours = simulated(tmp_path, plan)
    for mine, other in zip(ours, theirs, strict=True):
        assert mine[0] == other[0]
        assert mine == other
    assert len({held for held, _, _ in ours}) == 1
    assert len(ours[0][0]) > 8
