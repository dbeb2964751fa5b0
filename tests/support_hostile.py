"""A hostile neighbour on the LAN: floods and forgeries by plain sockets, in a process of its own.

Run inside a namespace: `support_hostile.py ADDRESS REALM KEY SECONDS PACKETS_PER_S`. ADDRESS is
attacker's own, REALM and KEY (hexadecimal) are the victims' realm and a granted relay's key,
which everybody on the LAN can hear.
"""

import os
import socket
import struct
import sys
import time
from contextlib import suppress

MDNS = ("224.0.0.251", 5353)
BEACON = ("239.255.72.66", 24_658)
TYPE = "_holub._tcp.local"
PTR, TXT, SRV, A = 12, 16, 33, 1
UNIQUE = 0x8001  # class IN with the cache-flush bit


def dns_name(name: str) -> bytes:
    """Write a name as DNS has it, uncompressed."""
    return b"".join(bytes([len(part)]) + part.encode() for part in name.split(".")) + b"\0"


def record(name: str, kind: int, data: bytes, ttl_s: int) -> bytes:
    """Write one answer."""
    flags = 1 if kind == PTR else UNIQUE
    return dns_name(name) + struct.pack(">HHIH", kind, flags, ttl_s, len(data)) + data


def service(instance: str, key: str, realm: str, address: str, ttl_s: int = 4500) -> bytes:
    """Write a whole announcement of a relay; with `ttl_s` 0 it is a goodbye."""
    name, server = f"{instance}.{TYPE}", f"{instance}.local"
    texts = (b"v=1", b"realm=" + realm.encode(), b"key=" + key.encode())
    answers = (
        record(TYPE, PTR, dns_name(name), ttl_s),
        record(name, SRV, struct.pack(">HHH", 0, 0, 7447) + dns_name(server), ttl_s),
        record(name, TXT, b"".join(bytes([len(text)]) + text for text in texts), ttl_s),
        record(server, A, socket.inet_aton(address), ttl_s),
    )
    return struct.pack(">HHHHHH", 0, 0x8400, 0, len(answers), 0, 0) + b"".join(answers)


def speaker(address: str) -> socket.socket:
    """Return a socket that multicasts from `address`."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(address))
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)
    sock.bind((address, 5353))
    return sock


def listener(address: str) -> socket.socket:
    """Return a socket that hears beacons, for replaying them."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    member = socket.inet_aton(BEACON[0]) + socket.inet_aton(address)
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
    sock.setblocking(False)
    sock.bind(BEACON)
    return sock


class Attack:
    """Sends one packet at a time, of all kinds in turn."""

    def __init__(self, address: str, realm: str, key: str) -> None:
        """Open the sockets."""
        self.realm, self.key = realm, key
        self.network = address.rpartition(".")[0]
        self.speaker, self.listener = speaker(address), listener(address)
        self.victim = f"holub-{key[:16]}"
        self.overheard: list[bytes] = []

    def send(self, number: int) -> None:
        """Send the packet whose turn it is: of a hundred ninety are invented relays."""
        turn = number % 100
        somewhere = f"{self.network}.{100 + number % 100}"
        if turn < 90:
            key = os.urandom(32).hex()
            packet = service(f"holub-{key[:16]}", key, self.realm, somewhere)
        elif turn < 94:  # the granted relay's key, at an address where nobody is
            packet = service(f"holub-{os.urandom(8).hex()}", self.key, self.realm, somewhere)
        elif turn < 96:  # its goodbye
            packet = service(self.victim, self.key, self.realm, somewhere, ttl_s=0)
        elif turn < 98:  # its name, taken by somebody else
            packet = service(self.victim, os.urandom(32).hex(), self.realm, somewhere)
        else:
            self.speaker.sendto(self.beacon(), BEACON)
            return
        self.speaker.sendto(packet, MDNS)

    def beacon(self) -> bytes:
        """Return a beacon that was overheard, or junk."""
        with suppress(BlockingIOError):
            self.overheard = [*self.overheard[-63:], self.listener.recv(256)]
        return self.overheard[0] if self.overheard else os.urandom(130)


def main() -> None:
    """Attack for some seconds at an even pace."""
    address, realm, key = sys.argv[1:4]
    seconds, rate = map(float, sys.argv[4:6])
    attack = Attack(address, realm, key)
    begun_s, sent = time.monotonic(), 0
    while (passed_s := time.monotonic() - begun_s) < seconds:
        while sent < passed_s * rate:
            attack.send(sent)
            sent += 1
        time.sleep(0.002)
    print(sent)


if __name__ == "__main__":
    main()
