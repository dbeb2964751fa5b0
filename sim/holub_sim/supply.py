"""What a machine lives on: the mains, and a battery for a while.

The charge is kept as the time that it lasts. Sites differ (research and operators tell of two to
six hours), so each machine has a capacity of its own.
"""

from collections.abc import Callable

from holub_sim.world import World


class Supply:
    """One machine's. `go_dark` and `come_back` are called when nothing is left, and when there is
    power again."""

    def __init__(
        self, world: World, go_dark: Callable[[], None], come_back: Callable[[], None]
    ) -> None:
        """On the mains, without a battery."""
        self.capacity_us = self.recharge_us = 0
        self.dark = False
        self._world, self._go_dark, self._come_back = world, go_dark, come_back
        self._charge_us = self._since_us = 0
        self._causes = 0

    @property
    def on_mains(self) -> bool:
        """Whether the mains are there."""
        return not self._causes

    def fit(self, capacity_us: int, recharge_us: int) -> None:
        """Put in a battery, full, that lasts `capacity_us` and is full again after
        `recharge_us` on the mains."""
        self.capacity_us, self.recharge_us = capacity_us, max(1, recharge_us)
        self._charge_us, self._since_us = capacity_us, self._world.now_us

    def lose_mains(self) -> None:
        """The mains fail; failures add up, each is mended on its own."""
        self._causes += 1
        if self._causes > 1:
            return
        if self.capacity_us:
            gained_us = (self._world.now_us - self._since_us) * self.capacity_us
            self._charge_us = min(self.capacity_us, self._charge_us + gained_us // self.recharge_us)
        self._since_us = self._world.now_us
        self._world.after(self._charge_us, self._run_out, self._since_us)

    def regain_mains(self) -> None:
        """One failure of the mains is mended."""
        self._causes -= 1
        if self._causes:
            return
        self._charge_us = max(0, self._charge_us - (self._world.now_us - self._since_us))
        self._since_us = self._world.now_us
        if self.dark:
            self.dark = False
            self._come_back()

    def _run_out(self, since_us: int) -> None:
        if self._causes and since_us == self._since_us and not self.dark:
            self.dark = True
            self._go_dark()
