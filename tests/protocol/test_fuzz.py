"""Frames broken in every way: nothing is raised, whatever comes in whatever order."""

from support_fuzz import Fuzz


def test_mutated_frames_raise_nothing_and_cost_little() -> None:
    """Real frames changed in up to four places end a link or are heard; none takes a mebibyte.
    bench/fuzz.py plays a million of them."""
    fuzz = Fuzz(seed=7)
    fuzz.run(400)
    assert fuzz.gauge.inputs == 400
    assert 1 < fuzz.links < fuzz.heard
    assert 0 < fuzz.gauge.most_allocated_bytes < 1 << 20
