"""What a real daemon logs while junk comes in by a link, by beacons and by its socket: fewer bytes
than came."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from holub_protocol import frames
from holub_protocol.framing import frame_bytes
from holub_relay.ceremony import read_chain
from holub_relay.discovery.beacon import GROUP_4, PORT
from holub_relay.link import LinkKey, SecureLink
from holub_relay.station import read_charter
from support_realm import key
from support_relay import Daemon, daemon, made, ok_json

LINKS, PUTS = 40, 8
ITEMS = 500
JUNK = b"qzxw"

Flood = Callable[[Daemon], int]


def by_link(running: Daemon) -> int:
    """Prove forty keys, one after the other, and say with each HELLO, eight messages of four bytes
    that are none, and what breaks the stream. Return the bytes sent."""
    realm_id = read_chain(read_charter(running.data), running.data).realm_id
    port = int(running.status()["daemon"]["listen"].rpartition(":")[2])
    hello = frames.Hello(1, os.urandom(16), 4096, 65_536, 1)
    put = frames.Put(b"short", 0, len(JUNK), 0, JUNK)
    said = frame_bytes(frames.encode(hello)) + PUTS * frame_bytes(frames.encode(put))
    sent_bytes = 0
    for number in range(LINKS):
        link_key = LinkKey.make(key(f"stranger {number}"), realm_id, os.urandom)
        link = SecureLink(True, link_key, os.urandom)
        with socket.create_connection(("127.0.0.1", port), 5) as stream:
            data = link.start()
            while data:
                stream.sendall(data)
                sent_bytes += len(data)
                data = b"" if link.established else link.receive(stream.recv(4096))[0]
            data = link.send(said + b"\xff\xff")
            stream.sendall(data)
            sent_bytes += len(data)
            while stream.recv(4096):
                pass
    assert running.status()["refusals"] == {"malformed": LINKS * PUTS}
    return sent_bytes


def by_beacon(running: Daemon) -> int:
    """Announce what is no beacon to the group, on loopback alone. Return the bytes sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as junk:
        junk.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
        junk.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 0)
        sent_bytes = sum(junk.sendto(JUNK, (GROUP_4, PORT)) for _ in range(ITEMS))
    running.wait_for(lambda: deaf(running).get("form", 0) > 0)
    return sent_bytes


def deaf(running: Daemon) -> dict[str, int]:
    """Return why packets were not listened to, and how many."""
    counts: dict[str, int] = ok_json("peers", "--data", running.data)["beacon"]["deaf"]
    return counts


def by_socket(running: Daemon) -> int:
    """Ask over the daemon's own socket what is no request. Return the bytes sent."""
    with socket.socket(socket.AF_UNIX) as caller, caller.makefile("rb") as answers:
        caller.connect(str(running.data / "api.sock"))
        for _ in range(ITEMS):
            caller.sendall(JUNK + b"\n")
            assert b"a request is one line of JSON" in answers.readline()
    return ITEMS * len(JUNK + b"\n")


@pytest.mark.slow
@pytest.mark.parametrize("flood", [by_link, by_beacon, by_socket])
def test_junk_costs_fewer_bytes_of_log_than_it_has(tmp_path: Path, flood: Flood) -> None:
    """Beyond its greeting and the line with which it stops, what the daemon has logged is shorter
    than the junk that it was sent, and lists no item of it."""
    with daemon(made(tmp_path, listen="127.0.0.1:0")) as running:
        sent_bytes = flood(running)
        code, log = running.stop()
    assert code == 0, log
    greeting = log.partition("data ")[0]
    assert JUNK.decode() not in log
    assert len(log) - len(greeting) < sent_bytes
