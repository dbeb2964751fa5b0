"""The table of attacks, and the property that it is there for."""

from pathlib import Path

import pytest

from holub_sim.attacks.table import ATTACKS
from holub_sim.attacks.trial import trial

BAR = 0.97
QUICK = (
    "blackhole", "grayhole", "censor", "flood", "junk", "sybil", "replay", "cancel", "tamper",
    "bombs", "clocks",
)  # fmt: skip
"""Attacks whose trial takes seconds; bench/attacks.py runs all."""


def test_the_page_lists_every_attack() -> None:
    """docs/simulator.md has a row for each, in the order of the table."""
    page = (Path(__file__).parents[2] / "docs" / "simulator.md").read_text("utf-8")
    rows = [line.split("`")[1] for line in page.splitlines() if line.startswith("| `")]
    assert [name for name in rows if name in ATTACKS] == list(ATTACKS)


@pytest.mark.slow
def test_a_stolen_key_silences_no_sibling_in_small_stores() -> None:
    """The thief floods stores of 128 KiB before the honest desk of his authority says its first
    alert: it says all five, and they reach every relay that is not his."""
    seen = trial("stolen-key", 0.1)
    assert (seen.coverage.alerts, seen.coverage.due, seen.coverage.came) == (5, 85, 85)
    assert seen.broken == ()


@pytest.mark.slow
@pytest.mark.parametrize("name", QUICK)
def test_an_attacker_can_do_no_more_than_unplug_himself(name: str) -> None:
    """With three of ten relays his, or surrounded by his, honest relays get every alert that
    they could have had without those; and no rule is broken."""
    seen = trial(name, 0.3)
    assert seen.coverage.due > 40
    assert seen.coverage.held >= BAR
    assert seen.broken == ()
