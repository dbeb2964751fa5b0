"""What a node believes of time."""

import pytest

from holub_sim.clock import WALL_MAX_S, Clock
from holub_sim.run import run
from support_sim import small


def test_a_true_clock_tells_the_worlds_time() -> None:
    """Without offset and drift the wall clock is right, and the steady one starts at boot."""
    now = Clock(1_000).now(5_500_000, booted_us=2_000_000)
    assert (now.wall_s, now.mono_us, now.reliable) == (1_005, 3_500_000, True)


def test_offset_and_drift_move_the_wall_clock_only() -> None:
    """A clock 3 s behind that gains 100 ppm is 5.6 s ahead after a day; intervals stay exact."""
    clock = Clock(0, offset_us=-3_000_000, drift_ppm=100, reliable=False)
    day_us = 86_400_000_000
    now = clock.now(day_us, booted_us=0)
    assert (now.wall_s, now.mono_us, now.reliable) == (86_405, day_us, False)


def test_a_negative_drift_falls_behind() -> None:
    """A clock that loses 50 ppm is 0.18 s behind after an hour: a second earlier."""
    assert Clock(0, drift_ppm=-50).now(3_600_000_000, 0).wall_s == 3599


def test_a_clock_in_doubt_twice_needs_two_to_vouch_for_it() -> None:
    """Outages overlap: the end of one is not the end of the other."""
    clock = Clock(0)
    clock.doubt()
    clock.doubt()
    clock.vouch()
    assert not clock.now(0, 0).reliable
    clock.vouch()
    assert clock.now(0, 0).reliable


@pytest.mark.slow
@pytest.mark.parametrize("shows", ["1970-01-01T00:00:00Z", "2106-02-07T06:00:00Z"])
def test_a_machine_that_boots_in_another_age_breaks_no_rule(shows: str) -> None:
    """Its power fails, its clock starts at either end of time and nothing vouches for it until it
    is set: nobody is told anything false, and in the end all agree."""
    extra = (
        '[[outages]]\nwhat = "power"\nwhere = "d2/r1"\nat = ["100s"]\nfor = "20s"\n'
        '[[outages]]\nwhat = "clock"\nwhere = "d2/r1"\nat = ["100s"]\nfor = "150s"\n'
        f"shows = {shows}\n"
    )
    for seed in (1, 2):
        outcome = run(small(extra), seed)
        assert outcome.violations == ()
        assert outcome.agreed.complete


def test_time_stays_within_what_a_clock_can_show() -> None:
    """From 1970 to 2106, however wrong it is."""
    clock = Clock(1_000)
    clock.jump(-5_000_000_000)
    assert clock.now(0, 0).wall_s == 0
    clock.jump(2**33 * 1_000_000)
    assert clock.now(0, 0).wall_s == WALL_MAX_S
