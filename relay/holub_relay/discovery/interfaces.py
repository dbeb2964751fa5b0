"""The machine's network interfaces: which ones carry the beacon, and when that changes.

Linux only, by what every kernel has: ioctl, /proc/net/if_inet6 and a netlink socket; no library.
"""

import errno
import fcntl
import socket
import struct
from dataclasses import dataclass
from ipaddress import IPv4Interface, IPv6Interface, ip_address, ip_interface
from pathlib import Path
from typing import Any, Final

import trio

from holub_relay.limits import RESCAN_S

LOOPBACK: Final = "127.0.0.1"

_SIOCGIFFLAGS: Final = 0x8913
_SIOCGIFADDR: Final = 0x8915
_SIOCGIFNETMASK: Final = 0x891B
_IFF_UP: Final = 0x1
_IFF_LOOPBACK: Final = 0x8
_IFF_RUNNING: Final = 0x40
_IFF_MULTICAST: Final = 0x1000
# rtnetlink(7): RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR
_CHANGE_GROUPS: Final = 0x1 | 0x10 | 0x100
# linux/if_addr.h: not usable yet (duplicate address detection), or never
_UNUSABLE_6: Final = 0x40 | 0x08
_INET6_TABLE: Final = Path("/proc/net/if_inet6")


@dataclass(frozen=True, slots=True)
class Place:
    """Where one beacon socket sends and listens: an interface and an address family.

    `address` is the interface's own address for IPv4 and empty for IPv6.
    """

    family: int
    index: int
    name: str
    address: str


def places(listen_host: str | None) -> tuple[Place, ...]:
    """The places that suit what TCP listens on; none if there is no network now.

    A loopback address (or `localhost`) stays on `lo` by IPv4 and touches no other interface;
    `::1` gets no beacon, as IPv6 multicast does not pass `lo`.
    None and the any-addresses take every interface that is up and can multicast; a specific
    address takes the one that has it.  A name that is no address takes what None takes.
    """
    if listen_host == "localhost":
        return _loopback(LOOPBACK)
    try:
        wanted = ip_address((listen_host or "").partition("%")[0])
    except ValueError:
        wanted = None
    if wanted is not None and wanted.is_loopback:
        return _loopback(str(wanted)) if wanted.version == 4 else ()
    found: list[Place] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        for index, name in sorted(socket.if_nameindex()):
            if _carries_multicast(probe, name):
                found += _places_of(probe, index, name)
    if wanted is None:
        return tuple(found)
    family = socket.AF_INET if wanted.version == 4 else socket.AF_INET6
    fitting = [place for place in found if place.family == family]
    if wanted.is_unspecified:
        return tuple(fitting)
    if family == socket.AF_INET:
        return tuple(place for place in fitting if place.address == str(wanted))
    return tuple(place for place in fitting if wanted.packed.hex() in _inet6_of(place.name))


@dataclass(frozen=True, slots=True)
class Own:
    """An address of this machine with its network's prefix, and the interface that has it."""

    index: int
    name: str
    ip: IPv4Interface | IPv6Interface

    @property
    def host(self) -> str:
        """As others dial it, or we: a link-local IPv6 address with %interface."""
        scoped = self.ip.version == 6 and self.ip.is_link_local
        return f"{self.ip.ip}%{self.name}" if scoped else str(self.ip.ip)


def own_addresses(listen_host: str | None) -> tuple[Own, ...]:
    """The addresses at which a relay that listens on `listen_host` can be reached now."""
    found: list[Own] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        for place in places(listen_host):
            if place.family == socket.AF_INET:
                answer = _ioctl(probe, _SIOCGIFNETMASK, place.name)
                mask = socket.inet_ntoa(answer[20:24]) if answer is not None else "32"
                ips = [ip_interface(f"{place.address}/{mask}")]
            else:
                ips = _usable_6(place.name)
            found += (Own(place.index, place.name, ip) for ip in ips)
    try:
        wanted = ip_address((listen_host or "").partition("%")[0])
    except ValueError:
        return tuple(found)
    return tuple(own for own in found if wanted.is_unspecified or own.ip.ip == wanted)


def near(host: str, own: tuple[Own, ...]) -> str | None:
    """The host as it can be dialled, if it is on one of our networks: what a neighbour writes
    must not make us call strangers far away."""
    bare, _, scope = host.partition("%")
    try:
        address = ip_address(bare)
    except ValueError:
        return None
    for mine in own:
        if address.version != mine.ip.version or address not in mine.ip.network:
            continue
        if not (address.version == 6 and address.is_link_local):
            return bare
        if scope in ("", mine.name, str(mine.index)):
            return f"{bare}%{mine.name}"
    return None


def is_own(sockaddr: tuple[Any, ...]) -> bool:
    """Whether this machine still has the address of one of its sockets."""
    family = socket.AF_INET6 if len(sockaddr) == 4 else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((sockaddr[0], 0, *sockaddr[2:]))
    except OSError as error:
        # ENODEV: the interface of a link-local address is gone
        return error.errno not in (errno.EADDRNOTAVAIL, errno.ENODEV)
    return True


def is_own_host(host: str) -> bool:
    """Whether this machine has that address, given as `host_text` writes it."""
    bare, _, scope = host.partition("%")
    if ":" not in bare:
        return is_own((bare, 0))
    try:
        index = socket.if_nametoindex(scope) if scope else 0
    except OSError:  # its interface has gone
        return False
    return is_own((bare, 0, 0, index))


def host_text(sockaddr: tuple[Any, ...]) -> str:
    """The host of a socket address, a link-local IPv6 one with its %interface.

    The kernel gives the interface as a number beside the address, and without it such an
    address cannot be dialled.
    """
    host = str(sockaddr[0])
    if len(sockaddr) == 4 and sockaddr[3] and "%" not in host:
        try:
            return f"{host}%{socket.if_indextoname(sockaddr[3])}"
        except OSError:  # the interface has gone since
            return f"{host}%{sockaddr[3]}"
    return host


class Changes:
    """Tells that interfaces or addresses changed, by the kernel's own announcement."""

    def __init__(self) -> None:
        """Subscribe; where the kernel lets nobody, only the regular look remains."""
        self._socket: trio.socket.SocketType | None = None
        try:
            plain = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
        except OSError:
            return
        try:
            plain.bind((0, _CHANGE_GROUPS))
        except OSError:
            plain.close()
            return
        self._socket = trio.socket.from_stdlib_socket(plain)

    async def wait(self) -> None:
        """Return on a change, or when it is time to look anyway (RESCAN_S)."""
        with trio.move_on_after(RESCAN_S):
            if self._socket is None:
                await trio.sleep_forever()
                return
            try:
                await self._socket.recv(65_536)
            except OSError:
                # ENOBUFS: so many changes that some were lost; a pause, lest this spin.
                await trio.sleep(1)

    def close(self) -> None:
        """Unsubscribe."""
        if self._socket is not None:
            self._socket.close()


def _loopback(address: str) -> tuple[Place, ...]:
    return (Place(socket.AF_INET, socket.if_nametoindex("lo"), "lo", address),)


def _carries_multicast(probe: socket.socket, name: str) -> bool:
    answer = _ioctl(probe, _SIOCGIFFLAGS, name)
    if answer is None:
        return False
    flags: int = struct.unpack_from("H", answer, 16)[0]
    wanted = _IFF_UP | _IFF_RUNNING | _IFF_MULTICAST
    return flags & (wanted | _IFF_LOOPBACK) == wanted


def _places_of(probe: socket.socket, index: int, name: str) -> list[Place]:
    found = []
    answer = _ioctl(probe, _SIOCGIFADDR, name)
    if answer is not None:
        address = socket.inet_ntoa(answer[20:24])
        found.append(Place(socket.AF_INET, index, name, address))
    if _inet6_of(name):
        found.append(Place(socket.AF_INET6, index, name, ""))
    return found


def _ioctl(probe: socket.socket, request: int, name: str) -> bytes | None:
    asked = struct.pack("16s240x", name.encode())
    try:
        return fcntl.ioctl(probe.fileno(), request, asked)
    except OSError:
        return None


def _inet6_of(name: str) -> tuple[str, ...]:
    """The IPv6 addresses of an interface as 32 hex digits each."""
    return tuple(line[0] for line in _inet6_lines(name))


def _inet6_lines(name: str) -> list[list[str]]:
    """An interface's lines: address, index, length of prefix, scope, flags (hexadecimal), name."""
    try:
        lines = _INET6_TABLE.read_text().splitlines()
    except OSError:  # a kernel without IPv6
        return []
    return [fields for fields in map(str.split, lines) if fields[-1] == name]


def _usable_6(name: str) -> list[IPv4Interface | IPv6Interface]:
    return [
        IPv6Interface((bytes.fromhex(address), int(prefix, 16)))
        for address, _, prefix, _, flags, _ in _inet6_lines(name)
        if not int(flags, 16) & _UNUSABLE_6
    ]
