"""Discovery by real daemons on a LAN of namespaces: how soon, how soon again, and what it costs.

Usage: discovery.py [PART [RUNS]], without a part all of them. first: a link after the second
daemon is up. ipv6: the same without any IPv4. heal, heal-ipv6: data after a partition of 60 s with
carriers up. cable, renumber: data after 7 s without a cable, after a change of address. idle: CPU
and bytes of an idle neighbour. many: 30 relays whose switch comes up. hostile: a granted relay
found under 3,000 forged packets a second. Needs root and iproute2.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Final

from _common import emit

from support_discovery import (
    ask,
    cable,
    cpu_s,
    holds,
    hostile,
    ip,
    linked,
    links,
    node_key,
    rss_kib,
    set_up,
    start_alert,
)
from support_netns import Host, Lan, lan

NO_PAGE = ("--page", "off")
BOTH = ("--listen", ":7447")  # IPv4 and IPv6
POLL_S = 0.005
PATIENCE_S = 60.0
PARTITION_S = 60.0
CABLE_S = 7.0
IDLE_S = 60.0
RELAYS = 30

# Counts packets and bytes (IP's headers included) of discovery that come in on eth0, by port.
SNIFF = """
import socket, sys, time
sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
sock.bind(("eth0", 0))
sock.settimeout(0.2)
until_s, seen = time.monotonic() + float(sys.argv[1]), {24658: 0, 5353: 0}
while time.monotonic() < until_s:
    try:
        packet, address = sock.recvfrom(65536)
    except TimeoutError:
        continue
    if address[2] == 4:
        continue
    at = 20 if packet[0] >> 4 == 4 else 40
    port = int.from_bytes(packet[at + 2 : at + 4], "big")
    if packet[9 if at == 20 else 6] == 17 and port in seen:
        seen[port] += len(packet)
print(seen[24658], seen[5353])
"""


def took_s(probe: Callable[[], bool]) -> float:
    """Return the seconds until `probe()` is true; the patience if it never is."""
    begun_s = time.monotonic()
    while not probe():
        if time.monotonic() - begun_s > PATIENCE_S:
            return PATIENCE_S
        time.sleep(POLL_S)
    return time.monotonic() - begun_s


def tell(part: str, times: list[float], **more: object) -> None:
    """Print the figures of a part."""
    times.sort()
    emit(
        f"discovery-{part}",
        runs=len(times),
        median_s=statistics.median(times),
        p99_s=times[min(len(times) - 1, len(times) * 99 // 100)],
        max_s=times[-1],
        **more,
    )


@contextmanager
def relays(count: int, granted: bool = False) -> Iterator[Lan]:
    """A LAN with a realm; no relay runs yet."""
    with tempfile.TemporaryDirectory() as directory, lan(count, Path(directory)) as made:
        set_up(*made.hosts, granted=granted)
        yield made


def restart(host: Host, *options: str) -> None:
    """Kill a relay, which then remembers no address, and start it."""
    host.kill()
    (host.data / "api.sock").unlink(missing_ok=True)
    host.start(*NO_PAGE, *options)


def first(runs: int, *options: str, part: str = "first") -> None:
    """Measure from the second daemon's answer on its socket to a live link on both."""
    with relays(2) as made:
        a, b = made.hosts
        if part == "ipv6":
            for host in (a, b):
                ip(host, "address", "flush", "dev", "eth0", "scope", "global")
        restart(a, *options)
        time.sleep(3)
        times = []
        for _ in range(runs):
            restart(b, *options)
            took_s(lambda: linked(a, b))
            # The socket of its API is made just before the beacon starts.
            times.append(time.time() - (b.data / "api.sock").stat().st_mtime)
            time.sleep(0.5)
            b.kill()
            took_s(lambda: links(a) == [])
    tell(part, times)


def ipv6(runs: int) -> None:
    """The same with link-local IPv6 addresses only."""
    first(runs, *BOTH, part="ipv6")


def again(
    part: str,
    runs: int,
    away: Callable[[Lan, int], None],
    back: Callable[[Lan, int], None],
    ipv4: bool = True,
) -> None:
    """Measure from `back` until an alert signed while `away` held is at the other relay."""
    with relays(2) as made:
        a, b = made.hosts
        for host in (a, b):
            if not ipv4:
                ip(host, "address", "flush", "dev", "eth0", "scope", "global")
            restart(host, *(() if ipv4 else BOTH))
        times = []
        for run in range(runs):
            took_s(lambda: linked(a, b))
            time.sleep(2)
            away(made, run)
            alert = start_alert(a)
            back(made, run)
            times.append(took_s(lambda alert=alert: holds(b, alert)))  # type: ignore[misc]
    tell(part, times)


def heal(runs: int, part: str = "heal", ipv4: bool = True) -> None:
    """Ports isolated for a minute, carriers up: nobody is told that it is over."""

    def back(made: Lan, _: int) -> None:
        time.sleep(PARTITION_S)
        made.isolate(2, isolated=False)

    again(part, runs, lambda made, _: made.isolate(2), back, ipv4)


def heal_ipv6(runs: int) -> None:
    """The same with link-local IPv6 addresses only."""
    heal(runs, "heal-ipv6", ipv4=False)


def pulled(runs: int) -> None:
    """A cable out for some seconds."""

    def back(made: Lan, _: int) -> None:
        time.sleep(CABLE_S)
        cable(made, 2, "up")

    again("cable", runs, lambda made, _: cable(made, 2, "down"), back)


def renumber(runs: int) -> None:
    """Another address for the second relay, a second after it lost the first."""

    def away(made: Lan, run: int) -> None:
        old = f"10.77.0.{100 + run if run else 2}/24"
        ip(made.hosts[1], "address", "del", old, "dev", "eth0")

    def back(made: Lan, run: int) -> None:
        time.sleep(1)
        ip(made.hosts[1], "address", "add", f"10.77.0.{101 + run}/24", "dev", "eth0")

    again("renumber", runs, away, back)


def idle(_: int) -> None:
    """What a linked pair costs when nothing happens: with discovery, and without."""
    with relays(3) as made:
        a, b, c = made.hosts
        for options in ((), ("--no-discovery", "--peer", "10.77.0.2:7447")):
            restart(b, *BOTH, *options[:1])
            restart(a, *BOTH, *options)
            took_s(lambda: linked(a, b))
            time.sleep(30)  # the beacon's pauses have grown by then
            sniffed = subprocess.Popen(
                [*c.enter, sys.executable, "-c", SNIFF, str(IDLE_S)],
                stdout=subprocess.PIPE, text=True,
            )  # fmt: skip
            spent_s = cpu_s(a.pid())
            beacon, mdns = map(int, sniffed.communicate(timeout=IDLE_S + 30)[0].split())
            emit(
                "discovery-idle",
                discovery=not options,
                cpu_share=(cpu_s(a.pid()) - spent_s) / IDLE_S,
                beacon_bytes_per_s=beacon / IDLE_S / 2,
                mdns_bytes_per_s=mdns / IDLE_S / 2,
                rss_kib=rss_kib(a.pid()),
            )


def islands(hosts: list[Host]) -> int:
    """How many groups the links leave apart."""
    names = {host.namespace: node_key(host) for host in hosts}
    groups = {key: key for key in names.values()}

    def root(key: str) -> str:
        while groups[key] != key:
            key = groups[key]
        return key

    for host in hosts:
        for link in links(host):
            groups[root(names[host.namespace])] = root(link["peer"])
    return len({root(key) for key in groups})


def many(_: int) -> None:
    """Thirty relays run, each alone; the switch comes up; until all are in one group."""
    with relays(RELAYS, granted=True) as made:
        hosts = made.hosts
        for number in range(1, RELAYS + 1):
            cable(made, number, "down")
        for host in hosts:
            restart(host)
        time.sleep(5)
        begun_s = time.monotonic()
        for number in range(1, RELAYS + 1):
            cable(made, number, "up")
        up_s = time.monotonic() - begun_s
        formed_s = took_s(lambda: islands(hosts) == 1)
        counts = [len(links(host)) for host in hosts]
        time.sleep(20)
        later = [len(links(host)) for host in hosts]
        emit(
            "discovery-many",
            relays=RELAYS,
            switch_s=up_s,
            formed_s=formed_s,
            links_then=[min(counts), max(counts)],
            links_later=[min(later), max(later)],
        )


def attacked(runs: int) -> None:
    """A granted relay starts under attack; the link that stands must stay."""
    done = [attack() for _ in range(runs)]
    tell(
        "hostile",
        [found_s for found_s, *_ in done],
        links_untouched=sum(untouched for _, untouched, *_ in done),
        cpu_share=max(share for *_, share, _ in done),
        grown_kib=max(grown for *_, grown in done),
    )


def attack() -> tuple[float, bool, float, int]:
    """Attack once: seconds until found, link untouched, a relay's share of a core, its growth."""
    with relays(4, granted=True) as made:
        a, b, c, enemy = made.hosts
        restart(a)
        restart(b)
        took_s(lambda: linked(a, b) and bool(ask(b, "status")["granted"]))
        (before,) = links(a)
        spent_s, memory_kib, begun_s = cpu_s(a.pid()), rss_kib(a.pid()), time.monotonic()
        with hostile(enemy, ask(a, "realm")["id"][:16], node_key(c), 60, 3_000):
            time.sleep(5)
            restart(c)
            found_s = took_s(lambda: linked(a, b, c, count=2))
            time.sleep(20)
        share = (cpu_s(a.pid()) - spent_s) / (time.monotonic() - begun_s)
        untouched = before["link"] in [link["link"] for link in links(a)]
        return found_s, untouched, share, rss_kib(a.pid()) - memory_kib


PARTS: Final[Mapping[str, tuple[Callable[[int], None], int]]] = MappingProxyType(
    {
        "first": (first, 100),
        "ipv6": (ipv6, 20),
        "cable": (pulled, 10),
        "renumber": (renumber, 20),
        "idle": (idle, 1),
        "hostile": (attacked, 3),
        "many": (many, 1),
        "heal": (heal, 20),
        "heal-ipv6": (heal_ipv6, 20),
    }
)


def main() -> None:
    """Run one part, or all."""
    wanted = sys.argv[1:2] or list(PARTS)
    for name in wanted:
        part, runs = PARTS[name]
        part(int(sys.argv[2]) if len(sys.argv) > 2 else runs)


if __name__ == "__main__":
    main()
