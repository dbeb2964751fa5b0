"""An alert behind 10,000 queued messages and a modem's queue of 64 KB: how long it waits.

Three namespaces: relay A, a router with a slow link (tc tbf, 64 KB of queue each way), relay B.
A has the messages and sends; in the middle alerts are published at A, and the time is taken
until B holds them. Real daemons. Needs root, iproute2 and the tbf scheduler. Usage:
overtake.py [alerts]
"""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from _common import argument, emit, spread
from memory import fill

from holub_relay.client import Client
from holub_relay.errors import OperatorError
from support_netns import Host, run, until

QUEUED = 10_000
RATES = (("9600bit", 9_600, 1.0), ("64kbit", 64_000, 0.3), ("1mbit", 1_000_000, 0.1))
QUEUE_BYTES = 65_536
POLL_S = 0.005


@contextmanager
def modem(directory: Path, rate: str) -> Iterator[tuple[Host, Host]]:
    """Yield two hosts with a router between them whose links are slow."""
    names = ("hbma", "hbmr", "hbmb")
    a = Host(names[0], "10.81.1.1", directory / "a")
    b = Host(names[2], "10.81.2.1", directory / "b")
    try:
        for name in names:
            run("ip", "netns", "add", name)
            run("ip", "netns", "exec", name, "ip", "link", "set", "lo", "up")
        for host, port, net in ((a, "toa", 1), (b, "tob", 2)):
            run("ip", "link", "add", port, "netns", names[1], "type", "veth",
                "peer", "name", "eth0", "netns", host.namespace)  # fmt: skip
            router = ("ip", "netns", "exec", names[1])
            run(*router, "ip", "address", "add", f"10.81.{net}.254/24", "dev", port)
            run(*router, "ip", "link", "set", port, "up")
            run(*router, "tc", "qdisc", "add", "dev", port, "root", "tbf", "rate", rate,
                "burst", "1600", "limit", str(QUEUE_BYTES))  # fmt: skip
            run(*host.enter, "ip", "address", "add", f"{host.address}/24", "dev", "eth0")
            run(*host.enter, "ip", "link", "set", "eth0", "up")
            run(*host.enter, "ip", "route", "add", "default", "via", f"10.81.{net}.254")
        run("ip", "netns", "exec", names[1], "sysctl", "-qw", "net.ipv4.ip_forward=1")
        yield a, b
    finally:
        for host in (a, b):
            host.remove()
        run("ip", "netns", "delete", names[1])


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
        with tempfile.TemporaryDirectory() as directory, modem(Path(directory), rate) as (a, b):
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
