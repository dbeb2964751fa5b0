"""From the `[[outages]]` of a scenario to faults in its city, and the bands a report draws."""

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from holub_sim.faults import (
    Action,
    Band,
    Fault,
    crossing,
    cut,
    jam,
    mains,
    misset,
    staggered,
    stop,
    touching,
)
from holub_sim.files import find_file
from holub_sim.host import Host
from holub_sim.network import Wire
from holub_sim.plans import Battery, Outage
from holub_sim.scenario import Scenario, ScenarioError
from holub_sim.selectors import select, select_wires
from holub_sim.world import World

_PPM = 1_000_000
_SECOND_US = 1_000_000
_DAY_US = 86_400_000_000
_SCHEDULE_COLUMNS = ["feeder", "off_from", "off_to"]


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A time in which an outage hits those hosts."""

    from_us: int
    until_us: int
    hosts: tuple[Host, ...]


class Outages:
    """Turns plans into `faults` and `bands`."""

    def __init__(
        self,
        world: World,
        scenario: Scenario,
        hosts: Sequence[Host],
        wires: Sequence[Wire],
        folder: Path | None,
    ) -> None:
        """`folder` is where the files that the scenario names are looked for. Raises
        ScenarioError."""
        self.faults: list[Fault] = []
        self.bands: list[Band] = []
        self._world, self._scenario = world, scenario
        self._hosts, self._wires, self._folder = hosts, wires, folder
        self._shares: dict[str, int] = {}
        for i, battery in enumerate(scenario.batteries):
            self._fit(battery, f"batteries[{i}]")
        for i, outage in enumerate(scenario.outages):
            self._add(outage, f"outages[{i}]")

    def _fit(self, plan: Battery, key: str) -> None:
        """Each host draws once whether it has a battery and how large; so shares of several
        entries about the same hosts add up."""
        if plan.most.us < plan.least.us:
            raise ScenarioError(f"{key}.most: it is shorter than `least`")
        for host in select(self._hosts, plan.who, f"{key}.who"):
            drawn = self._world.stream(f"battery/{host.name}")
            lot_ppm = drawn.randrange(_PPM)
            if host.supply.capacity_us:
                continue
            before = self._shares.get(host.name, 0)
            self._shares[host.name] = before + round(plan.share * _PPM)
            if before <= lot_ppm < self._shares[host.name]:
                host.supply.fit(drawn.between(plan.least.us, plan.most.us), plan.recharge.us)

    def _add(self, plan: Outage, key: str) -> None:
        name = plan.name or key
        stretches = self._by_schedule(plan, key) if plan.schedule else self._by_times(plan, key)
        for number, stretch in enumerate(stretches):
            self.bands.append(Band(name, plan.what, stretch.from_us, stretch.until_us))
            actions = self._actions(plan, key, stretch.hosts)
            chance = self._world.stream(f"outage/{key}/{number}")
            if plan.share < 1:
                share_ppm = round(plan.share * _PPM)
                actions = [action for action in actions if chance.chance(share_ppm)]
            self.faults += staggered(
                name, stretch.from_us, stretch.until_us, plan.staggered.us, actions, chance
            )

    def _by_times(self, plan: Outage, key: str) -> list[_Stretch]:
        if not plan.at or plan.for_ is None or not plan.for_.us:
            raise ScenarioError(f"{key}: expected `at` and `for`, or a `schedule`")
        if plan.every is not None and plan.every.us <= plan.for_.us:
            raise ScenarioError(f"{key}.every: the next would begin before the last has ended")
        hosts = select(self._hosts, plan.where, f"{key}.where")
        end_us = self._scenario.duration.us
        stretches: list[_Stretch] = []
        for at in plan.at:
            from_us = at.us
            while from_us < end_us or not stretches:
                stretches.append(_Stretch(from_us, from_us + plan.for_.us, hosts))
                if plan.every is None:
                    break
                from_us += plan.every.us
        return stretches

    def _by_schedule(self, plan: Outage, key: str) -> list[_Stretch]:
        if plan.at or plan.for_ is not None or plan.every is not None:
            raise ScenarioError(f"{key}.schedule: it says when; leave `at`, `for`, `every` out")
        among = select(self._hosts, plan.where, f"{key}.where")
        path = find_file(plan.schedule, self._folder, f"{key}.schedule")
        midnight_us = self._world.midnight_us
        stretches: list[_Stretch] = []
        for line, (feeder, off_from, off_to) in enumerate(_rows(path), 2):
            hosts = tuple(host for host in among if host.site.feeder == feeder)
            from_us = _time_of_day(off_from, f"{path}: line {line}") - midnight_us
            until_us = _time_of_day(off_to, f"{path}: line {line}") - midnight_us
            while hosts and from_us < self._scenario.duration.us:
                if until_us > 0:
                    stretches.append(_Stretch(max(0, from_us), until_us, hosts))
                from_us, until_us = from_us + _DAY_US, until_us + _DAY_US
        if not stretches:
            raise ScenarioError(f"{key}.schedule: {path} names no feeder that `where` selects")
        return sorted(stretches, key=lambda stretch: stretch.from_us)

    def _actions(self, plan: Outage, key: str, hosts: tuple[Host, ...]) -> list[Action]:
        """One for each host or wire that is hit, so that each can begin on its own."""
        match plan.what:
            case "mains":
                return [mains(host) for host in hosts]
            case "power" | "kill":
                return [stop(host, plan.what == "power", plan.store) for host in hosts]
            case "clock":
                by_us = self._wrong_by(plan)
                return [misset(host, partial(by_us, host), plan.reliable) for host in hosts]
        wires = select_wires(self._wires, plan.links, f"{key}.links")
        reach = crossing if plan.what == "partition" else touching
        hit = reach(hosts, wires)
        if not hit:
            raise ScenarioError(f"{key}: no link that `links` selects is hit by `where`")
        if plan.what == "jam":
            return [jam([each], round(plan.loss * _PPM)) for each in hit]
        return [cut([each], plan.way) for each in hit]

    def _wrong_by(self, plan: Outage) -> Callable[[Host], int]:
        world, shows = self._world, plan.shows

        def by_us(host: Host) -> int:
            if shows is None:
                return plan.ahead.us - plan.behind.us
            return (int(shows.timestamp()) - world.start_s) * _SECOND_US - (
                world.now_us + host.clock.offset_us
            )

        return by_us


def _rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        reader = csv.reader(lines)
        if (header := next(reader, [])) != _SCHEDULE_COLUMNS:
            raise ScenarioError(f"{path}: the columns are {header}, not {_SCHEDULE_COLUMNS}")
        rows = list(reader)
    for line, row in enumerate(rows, 2):
        if len(row) != len(_SCHEDULE_COLUMNS):
            raise ScenarioError(f"{path}: line {line} is {row}, not three fields")
    return rows


def _time_of_day(text: str, where: str) -> int:
    """Microseconds since midnight of a text such as "17:30" or "24:00"."""
    hours, colon, minutes = text.partition(":")
    if not (colon and hours.isdecimal() and minutes.isdecimal()):
        raise ScenarioError(f"{where}: {text!r} is no time of day; expected one such as '17:30'")
    return (int(hours) * 60 + int(minutes)) * 60 * _SECOND_US
