"""An alert behind 10,000 queued messages and a modem's queue of 64 KB: how long it waits.

Three namespaces: relay A, a router with a slow link (tc tbf, 64 KB of queue each way), relay B.
A has the messages and sends; in the middle alerts are published at A, and the time is taken
until B holds them. Real daemons. Needs root, iproute2 and the tbf scheduler. Usage:
overtake.py [alerts]
"""

import tempfile
import time
from pathlib import Path

from _common import argument, emit, spread
from _router import routed
from memory import fill

from holub_relay.client import Client
from holub_relay.errors import OperatorError
from support_netns import until

QUEUED = 10_000
RATES = (("9600bit", 9_600, 1.0), ("64kbit", 64_000, 0.3), ("1mbit", 1_000_000, 0.1))
POLL_S = 0.005


def arrival_s(first: Client, last: Client) -> float:
    """Publish a test alert at one end; return the seconds until the other holds it."""
    begun = time.monotonic()
    answer = first.call({"do": "alert", "verb": "test", "areas": ["93317"], "hazard": "air-raid"})
    while True:
        try:
            last.call({"do": "show", "id": answer["id"]})
        except OperatorError:
            if time.monotonic() - begun > 120:
                raise
            time.sleep(POLL_S)
        else:
            return time.monotonic() - begun


def main() -> None:
    """Measure at each speed."""
    count = argument(5)
    for rate, bits_per_s, bar_s in RATES:
        with tempfile.TemporaryDirectory() as directory, routed(Path(directory), rate) as (a, b):
            a.holub("init", "--clock", "host", "--realm", "Modem", "--area", "93317")
            b.holub(
                "init", "--clock", "host", "--join", str(a.data / "charter.cbor"), "--area", "93317"
            )
            fill(a.data, QUEUED)
            b.start("--no-discovery")
            a.start("--no-discovery", "--peer", f"{b.address}:7447")
            until("linked", lambda: a.links() == 1, 60)
            with Client(a.data) as first, Client(b.data) as last:
                arrival_s(first, last)  # brings the desk's grant along
                times = []
                for _ in range(count):
                    time.sleep(3)
                    times.append(arrival_s(first, last))
                link = first.call({"do": "status"})["links"][0]
                still = int(link["waiting"])
            emit("overtake", rate=bits_per_s, bar_s=bar_s, waiting_after=still, **spread(times))


if __name__ == "__main__":
    main()
