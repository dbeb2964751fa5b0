"""Looks at all stores."""

from itertools import pairwise

from holub_protocol.kinds import Class
from holub_sim.sampler import SAMPLES
from support_report import PLAN, played


def test_samples_are_even_and_end_with_the_run() -> None:
    """As many as promised and one at the start; what is held is what the stores say."""
    samples = played().samples
    assert len(samples) == SAMPLES + 1
    assert {b.t_us - a.t_us for a, b in pairwise(samples)} == {
        (PLAN.duration.us + PLAN.settle.us) // SAMPLES
    }
    assert samples[0].running == 0
    last = samples[-1]
    assert last.running == 4
    assert last.held_bytes[Class.ALERT] > 0
    assert 0 < last.fullest < 1
    assert sum(last.evicted) == 0
