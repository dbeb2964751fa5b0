"""One small run with an outage and an attacker, for all tests of what is made of it."""

from functools import cache

from holub_sim.figures import Figures
from holub_sim.publish import show
from holub_sim.run import Played, play
from support_sim import CUT, small

ATTACKED = (
    CUT + '[[attackers]]\nkind = "flood"\nwho = "d2/r2"\nfrom = "2m"\nuntil = "4m"\nrate = "1k"\n'
)
PLAN = small(ATTACKED)


@cache
def played() -> Played:
    """The run, once a process: nobody alters it."""
    return play(PLAN, 1)


@cache
def shown() -> Figures:
    """Its figures."""
    return show(played(), PLAN)
