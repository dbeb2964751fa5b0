"""A hundred messages missed: how long after link-up until the other relay has them all.

Two real daemons with a router between them. One is stopped; a hundred messages of 200 bytes come
to the other; then it starts again. Timed from when its link is live until it holds all of them,
committed. Needs root and iproute2. Usage: heal.py [rounds]
"""

import tempfile
import time
from pathlib import Path

from _common import Signers, argument, emit
from _router import joined, routed
from memory import people

from holub_relay.client import Client
from holub_relay.config import Config
from holub_relay.errors import OperatorError
from holub_relay.station import Station
from support_netns import Host

MISSING = 100
BAR_S = 5.0
PATIENCE_S = 60


def linked_s(host: Host) -> float:
    """Wait until the relay's link is live; return when that was seen."""
    while True:
        try:
            with Client(host.data) as client:
                if any(link["live"] for link in client.call({"do": "status"})["links"]):
                    return time.monotonic()
        except OperatorError:
            pass
        time.sleep(0.01)


def main() -> None:
    """Measure, and print the median, p99 and the largest."""
    rounds = argument(20)
    with tempfile.TemporaryDirectory() as directory, routed(Path(directory)) as (a, b):
        joined(a, b)
        with Station.open(a.data, Config()) as station:
            signers = Signers(station, 10)
            for raw in signers.grants:
                station.node.offer(raw, station.now())
            station.settle()
        messages = list(signers.messages(MISSING * rounds, "h"))
        a.start("--no-discovery")
        times = []
        for number in range(rounds):
            with Client(a.data) as client:
                for raw in messages[MISSING * number : MISSING * (number + 1)]:
                    client.call({"do": "offer", "raw": raw.hex()})
            b.start("--no-discovery", "--peer", f"{a.address}:7447")
            since_s = linked_s(b)
            wanted = MISSING * (number + 1)
            while people(b.data) < wanted and time.monotonic() - since_s < PATIENCE_S:
                time.sleep(0.01)
            times.append(time.monotonic() - since_s)
            b.stop()
    times.sort()
    emit(
        "heal", missing=MISSING, rounds=rounds, bar_s=BAR_S, p50_s=times[len(times) // 2],
        p99_s=times[len(times) * 99 // 100], max_s=times[-1],
    )  # fmt: skip


if __name__ == "__main__":
    main()
