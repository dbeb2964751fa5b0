"""Packets lost between two relays: how long 500 messages and an alert take to arrive.

Two real daemons, a router between them at 1 Mbit/s that drops packets at random both ways
(nftables). The first has the messages and starts; when half of them are over an alert is published.
Everything has to arrive. Timed from the start of the first's process. Needs root, iproute2 and
nftables. Usage: loss.py [messages]
"""

import tempfile
import time
from pathlib import Path

from _common import argument, emit
from _router import joined, routed
from memory import fill, people
from overtake import arrival_s

from holub_relay.client import Client

LOSSES = (0, 5, 10, 15, 20, 25, 30)
PATIENCE_S = 240


def main() -> None:
    """Measure at each rate of loss."""
    count = argument(500)
    for percent in LOSSES:
        with (
            tempfile.TemporaryDirectory() as directory,
            routed(Path(directory), "1mbit", percent) as (a, b),
        ):
            joined(a, b)
            fill(a.data, count)
            b.start("--no-discovery")
            begun_s = time.monotonic()
            a.start("--no-discovery", "--peer", f"{b.address}:7447")
            alert_s = None
            while (held := people(b.data)) < count and time.monotonic() - begun_s < PATIENCE_S:
                if alert_s is None and held >= count // 2:
                    with Client(a.data) as first, Client(b.data) as last:
                        alert_s = arrival_s(first, last)
                time.sleep(0.02)
            emit(
                "loss", percent=percent, messages=held, of=count,
                all_s=time.monotonic() - begun_s, alert_s=alert_s,
            )  # fmt: skip


if __name__ == "__main__":
    main()
