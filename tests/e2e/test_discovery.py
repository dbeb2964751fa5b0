"""Real relays find each other on whatever is left of a network, and find each other again."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from support_discovery import (
    KYIV,
    ask,
    block,
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
from support_netns import Host, Lan, lan, until

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

BEACON_PORT = 24_658
MDNS_PORT = 5353
NO_PAGE = ("--page", "off")
EVERY_FAMILY = ("--listen", ":7447", *NO_PAGE)

# Counts what discovery sends out of eth0 of a namespace within some seconds, by port.
SNIFF = """
import socket, sys, time
sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
sock.bind((sys.argv[1], 0))
sock.settimeout(0.2)
until_s, seen = time.monotonic() + float(sys.argv[2]), 0
print("ready", flush=True)
while time.monotonic() < until_s:
    try:
        packet, address = sock.recvfrom(2048)
    except TimeoutError:
        continue
    at = 20 if packet[0] >> 4 == 4 else 40
    udp = packet[9 if at == 20 else 6] == 17
    seen += udp and int.from_bytes(packet[at + 2 : at + 4], "big") in (24658, 5353)
print(seen)
"""


@pytest.fixture
def two(tmp_path: Path) -> Iterator[tuple[Lan, Host, Host]]:
    """Two hosts of one realm on a switch; no relay runs yet."""
    with lan(2, tmp_path) as made:
        set_up(*made.hosts)
        yield made, made.hosts[0], made.hosts[1]


def sources(host: Host) -> list[str]:
    """Return where a relay's hints come from."""
    return [hint["source"] for hint in ask(host, "peers")["hints"]]


def test_the_standard_announcement_alone_is_enough(
    two: tuple[Lan, Host, Host], tmp_path: Path
) -> None:
    """Where the beacon's port is blocked zeroconf finds the peer; where both are, a join code
    does, and the next start remembers the address."""
    _, a, b = two
    for host in (a, b):
        block(host, BEACON_PORT, tmp_path)
        host.start(*NO_PAGE)
    assert until("linked by zeroconf", lambda: linked(a, b)) < 10
    until("and by nothing else", lambda: sources(a) == sources(b) == ["zeroconf"])
    block(b, MDNS_PORT, tmp_path)
    assert b.stop() == 0
    code = ask(a, "join-code")["code"]
    b.start(*NO_PAGE, "--peer", code)
    until("linked by the join code", lambda: linked(a, b))
    assert b.stop() == 0
    assert [hint["source"] for hint in b.json("peers")["hints"]] == ["remembered"]
    b.start(*NO_PAGE)
    until("linked by the address remembered", lambda: linked(a, b))


def test_no_ipv4_at_all(two: tuple[Lan, Host, Host]) -> None:
    """With link-local IPv6 addresses and nothing else, both are found and data flows."""
    _, a, b = two
    for host in (a, b):
        ip(host, "address", "flush", "dev", "eth0", "scope", "global")
        host.start(*EVERY_FAMILY)
    until("linked", lambda: linked(a, b))
    assert all("%eth0" in hint["address"] for hint in ask(a, "peers")["hints"])
    alert = start_alert(a)
    until("the alert is there", lambda: holds(b, alert), 5)


def test_an_address_changes_and_a_cable_is_pulled(two: tuple[Lan, Host, Host]) -> None:
    """After a renumbering on the way, and after a cable was out for seven seconds, an alert
    signed in the meantime is at the other relay within three times the bar of ten seconds."""
    made, a, b = two
    a.start(*NO_PAGE)
    b.start(*NO_PAGE)
    until("linked", lambda: linked(a, b))
    ip(b, "address", "add", "10.77.0.99/24", "dev", "eth0")
    ip(b, "address", "del", "10.77.0.2/24", "dev", "eth0")
    ip(b, "address", "replace", "10.77.0.99/24", "dev", "eth0")
    alert = start_alert(a)
    until("the alert is at the new address", lambda: holds(b, alert), 30)
    until("the link is at the new address", lambda: "10.77.0.99" in str(links(a)), 30)
    cable(made, 2, "down")
    alert = start_alert(a)
    time.sleep(7)
    assert not holds(b, alert)
    cable(made, 2, "up")
    until("the alert is there with the cable", lambda: holds(b, alert), 30)


def test_a_relay_that_starts_before_its_network(two: tuple[Lan, Host, Host]) -> None:
    """A relay without any network runs, and finds the other once the cable and address are
    there; a second relay of the same machine is found too."""
    made, a, b = two
    cable(made, 2, "down")
    ip(b, "address", "flush", "dev", "eth0")
    a.start(*NO_PAGE)
    b.start(*NO_PAGE)
    assert links(b) == []
    cable(made, 2, "up")
    time.sleep(1)
    ip(b, "address", "add", "10.77.0.2/24", "dev", "eth0")
    until("linked once there is a network", lambda: linked(a, b), 30)
    third = Host(b.namespace, b.address, b.data.parent / "third")
    third.holub("init", "--clock", "host", "--join", str(a.data / "charter.cbor"), "--area", KYIV)
    try:
        third.start("--listen", "0.0.0.0:7448", *NO_PAGE)
        until("three linked, two of them on one host", lambda: linked(a, b, third, count=2), 30)
    finally:
        third.kill()


def test_two_realms_keep_apart_and_loopback_stays_in(tmp_path: Path) -> None:
    """Relays of two realms on one LAN hear and never dial each other; a relay that listens on
    loopback only sends no packet of discovery to the network."""
    with lan(3, tmp_path) as made:
        a, b, c = made.hosts
        set_up(a, b)
        set_up(c)
        sniffed = subprocess.Popen(
            [*c.enter, sys.executable, "-c", SNIFF, "eth0", "6"], stdout=subprocess.PIPE, text=True
        )
        try:
            assert sniffed.stdout is not None
            assert sniffed.stdout.readline() == "ready\n"
            c.start("--listen", "127.0.0.1:7447", *NO_PAGE)
            assert sniffed.communicate(timeout=20)[0] == "0\n"
        finally:
            sniffed.kill()
            sniffed.wait(10)
        assert c.stop() == 0
        for host in (a, b, c):
            host.start(*NO_PAGE)
        until("the two of one realm are linked", lambda: linked(a, b))
        until("the third has heard them", lambda: "realm" in ask(c, "peers")["beacon"]["deaf"])
        answer = ask(c, "peers")
        assert (answer["hints"], answer["links"]) == ([], [])
        assert ask(c, "status")["daemon"]["faults"] == {}


def test_a_hostile_neighbour(tmp_path: Path) -> None:
    """Under 3,000 forged packets a second (invented relays, a granted relay's key and name at
    false addresses, goodbyes, replayed beacons) the link that stands is untouched, a granted
    relay that starts is found within three times the bar of ten seconds, and memory and time
    spent stay bounded."""
    with lan(4, tmp_path) as made:
        a, b, c, enemy = made.hosts
        set_up(a, b, c, granted=True)
        a.start(*NO_PAGE)
        b.start(*NO_PAGE)
        until("linked", lambda: linked(a, b))
        (before,) = links(a)
        until("the grants have arrived", lambda: ask(b, "status")["granted"])
        memory_kib, spent_s = rss_kib(a.pid()), cpu_s(a.pid())
        realm, key = ask(a, "realm")["id"][:16], node_key(c)
        begun_s = time.monotonic()
        with hostile(enemy, realm, key, 60, 3_000) as attack:
            time.sleep(5)
            c.start(*NO_PAGE)
            until("the granted relay is found", lambda: linked(a, b, c, count=2), 30)
            time.sleep(max(0.0, begun_s + 12 - time.monotonic()))
            assert attack.poll() is None
            (after,) = (link for link in links(a) if link["link"] == before["link"])
            assert after["peer"] == before["peer"]
        lasted_s = time.monotonic() - begun_s
        answer = ask(a, "peers")
        assert len(answer["hints"]) <= 256 * 4
        # A machine fast enough to bear the flood need not send zeroconf home.
        share = (cpu_s(a.pid()) - spent_s) / lasted_s
        assert share < (0.6 if answer["zeroconf"]["failures"].get("overloaded") else 0.2)
        assert rss_kib(a.pid()) - memory_kib < 60 << 10
        assert [host.stop() for host in (a, b, c)] == [0, 0, 0]


def test_zeroconf_that_cannot_start_ends_nothing(two: tuple[Lan, Host, Host]) -> None:
    """Where another program holds the mDNS port for itself the relay runs, counts the failure and
    finds its peer by beacon; at the end it says goodbye and stops at once."""
    _, a, b = two
    hold = (
        f"import socket, sys; s = socket.socket(2, 2); s.bind(('', {MDNS_PORT})); sys.stdin.read()"
    )
    holder = subprocess.Popen([*a.enter, sys.executable, "-c", hold], stdin=subprocess.PIPE)
    try:
        time.sleep(0.5)
        a.start(*NO_PAGE)
        b.start(*NO_PAGE)
        until("linked", lambda: linked(a, b))
        until("the failure is counted", lambda: ask(a, "peers")["zeroconf"]["failures"])
        begun_s = time.monotonic()
        assert b.stop() == 0
        assert time.monotonic() - begun_s < 5
        until("the goodbye was heard", lambda: links(a) == [], 2)
        assert a.stop() == 0
        assert "Traceback" not in a.log.read_text() + b.log.read_text()
    finally:
        holder.kill()
        holder.communicate(timeout=10)


def test_a_peer_introduces_two_others(tmp_path: Path) -> None:
    """With discovery off everywhere, a relay that was given the addresses of two others makes
    them find each other; what it says is a hint, and no grant."""
    with lan(3, tmp_path) as made:
        middle, *ends = made.hosts
        set_up(middle, *ends, granted=True)
        peers = [word for end in ends for word in ("--peer", f"{end.address}:7447")]
        for end in ends:
            end.start(*NO_PAGE, "--no-discovery")
        middle.start(*NO_PAGE, "--no-discovery", *peers)
        until("all are linked", lambda: linked(middle, *ends, count=2), 10)
        assert "peer" in sources(ends[0]) + sources(ends[1])
        assert "peer" not in sources(middle)
        assert [host.stop() for host in made.hosts] == [0, 0, 0]
