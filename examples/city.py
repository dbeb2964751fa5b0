"""A scenario as a program: what the language has no word for, and a number of one's own.

Two districts; whenever the desk's relay comes up, somebody pulls the plug again a minute later,
three times. How long do people elsewhere wait for the alert?
"""

from holub_sim.build import build
from holub_sim.metrics import METRICS, Run, choose
from holub_sim.run import agreement, endure
from holub_sim.scenario import parse

SCENARIO = """
name = "pulled-plug"
start = 2026-03-01T12:00:00Z
duration = "30m"

[world]
kind = "grid"
districts = 2
relays = 3

[[desks]]
name = "city"
at = "d1/r1"
says = [{ at = "5m", verb = "start", area = 93317 }]
"""

scenario = parse(SCENARIO, "this program")
city = build(scenario, seed=1)
desk = next(host for host in city.hosts if host.name == "d1/r1")


def pull_the_plug() -> None:
    """Dark for ten seconds."""
    desk.hold_down(silently=True)
    city.world.after(10_000_000, desk.let_up)


def when_up() -> None:
    """A minute later, the first three times."""
    if desk.boots < 4:
        city.world.after(60_000_000, pull_the_plug)


desk.boot_calls.append(when_up)
endure(city, scenario)
run = Run(city, agreement(city), scenario.duration.us)
latency = METRICS["latency_max"]
waited_us = latency.measure(run, choose(city, latency, ["alert", "d2"], "latency"))
assert waited_us is not None
print(
    f"{desk.boots} boots; d2 waited {waited_us / 1e6:.1f} s at most; agreed: {run.agreed.complete}"
)
