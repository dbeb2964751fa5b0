"""An alert through a line of ten relays in ten namespaces: how long until the last has it.

Real daemons, a veth cable between neighbours, static peers. The time is from the request to
the first relay until the last answers that it holds the alert, which it does only once its own
commit is done. Needs root and iproute2. Usage: line.py [alerts]
"""

import tempfile
import time
from itertools import pairwise
from pathlib import Path

from _common import argument, emit

from holub_relay.client import Client
from holub_relay.errors import OperatorError
from support_netns import Host, line, until

HOSTS = 10
AREAS = ("93317", "30281", "41385", "10236", "46241", "26241", "63241")
POLL_S = 0.002


def set_up(hosts: list[Host]) -> None:
    """Make the realm at the first, let the others join, and start them all."""
    first = hosts[0]
    first.holub("init", "--clock", "host", "--realm", "Line", "--area", "93317")
    for host in hosts[1:]:
        host.holub(
            "init", "--clock", "host", "--join", str(first.data / "charter.cbor"), "--area", "93317"
        )
    peers = {here.namespace: there for here, there in pairwise(hosts)}
    for number, host in enumerate(hosts):
        options = ["--no-discovery"]
        if host.namespace in peers:
            options += ["--peer", f"10.79.{number}.2:7447"]
        host.start(*options)
    until("all are linked", lambda: all(host.links() for host in hosts))
    ends = (first, hosts[-1])
    until("the last knows the desk", lambda: len({tuple(h.ids("grant")) for h in ends}) == 1)


def arrival_s(first: Client, last: Client) -> float:
    """Publish an alert at one end; return the seconds until the other end holds it."""
    begun = time.monotonic()
    answer = first.call({"do": "alert", "verb": "test", "areas": [AREAS[0]], "hazard": "air-raid"})
    while True:
        try:
            last.call({"do": "show", "id": answer["id"]})
        except OperatorError:
            if time.monotonic() - begun > 20:
                raise
            time.sleep(POLL_S)
        else:
            return time.monotonic() - begun


def main() -> None:
    """Measure, and print p50, p99 and the largest."""
    count = argument(200)
    with tempfile.TemporaryDirectory() as directory, line(HOSTS, Path(directory)) as made:
        set_up(made.hosts)
        with Client(made.hosts[0].data) as first, Client(made.hosts[-1].data) as last:
            times = []
            for _ in range(count):
                times.append(arrival_s(first, last))
                time.sleep(0.05)
    times.sort()
    emit(
        "line",
        hosts=HOSTS,
        alerts=count,
        p50_ms=1000 * times[len(times) // 2],
        p99_ms=1000 * times[len(times) * 99 // 100],
        max_ms=1000 * times[-1],
    )


if __name__ == "__main__":
    main()
