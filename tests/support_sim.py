"""Small simulated cities for tests: a scenario to vary, and ends of links without a node."""

import json
from typing import Any

from msgspec.structs import replace

from holub_sim.build import City, build
from holub_sim.network import Pipe
from holub_sim.plans import Grid
from holub_sim.scenario import Scenario, parse

CITY = """
name = "small"
start = 2026-03-01T12:00:00Z
duration = "6m"
settle = "2m"

[world]
kind = "grid"
districts = 2
relays = 2
between = "line"
lan = { latency = "1ms", jitter = "1ms" }
uplink = { latency = "20ms", jitter = "10ms", rate = "1M", loss = 0.02 }

[[desks]]
name = "city"
at = "d1/r1"
says = [
    { at = "1m", verb = "start", area = 93317 },
    { at = "3m", verb = "start", area = 30281, alert = "oblast" },
    { at = "4m", verb = "clear", area = 93317 },
]

[[people]]
kind = "checkin"
every = "90s"
"""

CUT = '[[outages]]\nwhat = "partition"\nwhere = "d2"\nat = ["90s"]\nfor = "210s"\n'
CRASH = '[[outages]]\nwhat = "power"\nwhere = "d2/r1"\nat = ["100s", "200s"]\nfor = "20s"\n'


def small(extra: str = "", **changes: str) -> Scenario:
    """Return the small scenario, with tables added and top-level keys replaced."""
    text = CITY
    for key, value in changes.items():
        lines = text.splitlines()
        text = "\n".join(
            f"{key} = {value}" if line.startswith(f"{key} = ") else line for line in lines
        )
    return parse(f"{text}\n{extra}", "small.toml")


def large(plan: Scenario) -> Scenario:
    """Return the scenario with a hundred relays in ten districts."""
    return replace(plan, world=Grid(districts=10, relays=10, within="star", between="line"))


def city(extra: str = "", seed: int = 1, **changes: str) -> City:
    """Return the small city, built."""
    return build(small(extra, **changes), seed)


class Ear:
    """An end of a link that only listens, and says what it is told to."""

    def __init__(self, name: str) -> None:
        """Running, without a link."""
        self.name, self.public, self.running = name, name.encode() * 32, True
        self.heard: list[tuple[int, bytes]] = []
        self.ups: list[int] = []
        self.downs: list[int] = []
        self.pipe: Pipe | None = None

    def admits(self, peer: bytes) -> bool:
        """There is always a place."""
        return True

    def link_up(self, link: int, peer: bytes, pipe: Pipe) -> None:
        """Note it."""
        self.ups.append(link)
        self.pipe = pipe

    def link_down(self, link: int) -> None:
        """Note it."""
        self.downs.append(link)
        self.pipe = None

    def receive(self, link: int, data: bytes) -> None:
        """Note it."""
        self.heard.append((link, data))

    def say(self, data: bytes) -> None:
        """Send on the link there is."""
        assert self.pipe is not None
        self.pipe.send(data)


def json_of(text: str) -> dict[str, Any]:
    """Return a printed JSON object."""
    value = json.loads(text)
    assert isinstance(value, dict)
    return value
