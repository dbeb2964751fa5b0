"""Which world a scenario describes: where hosts stand, and what joins them."""

from pathlib import Path

from holub_sim import grid, meetings, town
from holub_sim.contacts import Contact, read_contacts
from holub_sim.files import find_file
from holub_sim.host import Host, Site
from holub_sim.network import Wire
from holub_sim.plans import Contacts, Grid, Town
from holub_sim.scenario import Scenario
from holub_sim.world import World

_BOOT_SPREAD_US = 5_000_000


class Layout:
    """The `sites` of a scenario's world; `join` wires the hosts that stand there."""

    def __init__(self, scenario: Scenario, world: World, folder: Path | None) -> None:
        """`folder` is where a file of contacts is looked for. Raises ScenarioError."""
        self._plan, self._world = scenario.world, world
        self._until_us = scenario.duration.us + scenario.settle.us
        self._contacts: tuple[Contact, ...] = ()
        self.couriers: list[town.Courier] = []
        self.boot_spread_us = _BOOT_SPREAD_US
        match self._plan:
            case Grid() as plan:
                self.sites: list[Site] = grid.sites(plan)
            case Town() as plan:
                self.sites = town.sites(plan, world)
            case Contacts() as plan:
                path = find_file(plan.file, folder, "world.file")
                self._contacts = read_contacts(path, plan.format, plan.step.us)
                self.sites = meetings.sites(plan, self._contacts)
                self.boot_spread_us = 1  # a trace's first contact is at its first moment

    def join(self, hosts: list[Host]) -> list[Wire]:
        """Return all links, known to their hosts, and let people set out."""
        wires: list[Wire] = []
        match self._plan:
            case Grid() as plan:
                wires += grid.wires(plan, self._world, hosts)
            case Town() as plan:
                wires += town.wires(plan, self._world, hosts)
                wires += town.commute(plan, self._world, hosts, self._until_us)
                self.couriers = town.couriers(plan, self._world, hosts)
            case Contacts() as plan:
                wires += meetings.wires(plan, self._world, hosts, self._contacts)
        by_name = {host.name: host for host in hosts}
        for wire in wires:
            for side, end in enumerate(wire.ends):
                by_name[end.name].wires.append((wire, side))
        return wires
