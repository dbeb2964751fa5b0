"""Inputs broken in every way, at every way into a relay: nothing is raised."""

from pathlib import Path

import pytest

from support_ways import WAYS, play


@pytest.mark.parametrize("way", WAYS)
def test_no_broken_input_raises_or_costs_much(tmp_path: Path, way: str) -> None:
    """Real inputs changed in up to four places are refused or understood, each within a mebibyte;
    bench/fuzz.py plays a hundred thousand for each way."""
    played = play(tmp_path, 120, seed=5, only=(way,))
    assert list(played) == [way]
    assert played[way].inputs == 120
    assert 0 < played[way].most_allocated_bytes < 1 << 20
