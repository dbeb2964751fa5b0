"""Mains and batteries."""

from holub_sim.supply import Supply
from holub_sim.world import World

H = 3_600_000_000


class Machine:
    """Says when it went dark and when it came back, in hours."""

    def __init__(self, capacity_h: float = 0, recharge_h: float = 4) -> None:
        self.world = World(1, 0)
        self.seen: list[tuple[float, str]] = []
        self.supply = Supply(self.world, lambda: self.note("dark"), lambda: self.note("back"))
        if capacity_h:
            self.supply.fit(int(capacity_h * H), int(recharge_h * H))

    def note(self, what: str) -> None:
        """Write it down."""
        self.seen.append((self.world.now_us / H, what))

    def mains(self, *hours: float) -> None:
        """Fail at the first, come back at the second, fail at the third ..."""
        calls = (self.supply.lose_mains, self.supply.regain_mains)
        for i, hour in enumerate(hours):
            self.world.at(int(hour * H), calls[i % 2])
        self.world.run(100 * H)


def test_without_a_battery_it_is_dark_at_once() -> None:
    """And back as soon as the mains are."""
    machine = Machine()
    machine.mains(1, 3)
    assert machine.seen == [(1, "dark"), (3, "back")]


def test_a_battery_bridges_what_it_can() -> None:
    """A short failure is not noticed; a long one from the moment the charge is gone."""
    machine = Machine(capacity_h=3)
    machine.mains(1, 3, 10, 20)
    assert machine.seen == [(13, "dark"), (20, "back")]


def test_a_battery_that_is_not_full_again_lasts_less() -> None:
    """After two of three hours, and one of the four that a recharge takes, 1.75 are left."""
    machine = Machine(capacity_h=3)
    machine.mains(0, 2, 3, 10)
    assert machine.seen == [(4.75, "dark"), (10, "back")]


def test_failures_add_up() -> None:
    """Of a feeder and a strike: the machine is back when the last is mended."""
    machine = Machine()
    for hour in (1, 2):
        machine.world.at(hour * H, machine.supply.lose_mains)
    for hour in (3, 5):
        machine.world.at(hour * H, machine.supply.regain_mains)
    machine.world.run(9 * H)
    assert machine.seen == [(1, "dark"), (5, "back")]
    assert machine.supply.on_mains
