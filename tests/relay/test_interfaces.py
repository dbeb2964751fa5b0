"""Which interfaces carry the beacon, and that changes are noticed."""

import socket
from ipaddress import ip_interface

import pytest
import trio
import trio.testing

from holub_relay.discovery.interfaces import (
    Changes,
    Own,
    host_text,
    is_own,
    is_own_host,
    near,
    own_addresses,
    places,
)
from holub_relay.limits import RESCAN_S


def test_loopback_stays_on_the_loopback_interface() -> None:
    """What listens on loopback announces itself by IPv4 on `lo` and nowhere else."""
    for host in ("127.0.0.1", "localhost", "127.0.0.2"):
        (place,) = places(host)
        assert (place.family, place.name) == (socket.AF_INET, "lo")
    assert places("::1") == ()


def test_loopback_is_never_among_the_real_interfaces() -> None:
    """Listening everywhere takes interfaces that can multicast, and leaves `lo` alone."""
    everywhere = places(None)
    assert "lo" not in {place.name for place in everywhere}
    for host, family in (("0.0.0.0", socket.AF_INET), ("::", socket.AF_INET6)):
        assert places(host) == tuple(place for place in everywhere if place.family == family)


def test_specific_address_takes_its_interface_only() -> None:
    """An address that this machine has takes its interface, another one takes none."""
    assert places("192.0.2.254") == ()
    assert places("2001:db8::254") == ()
    for place in places("0.0.0.0"):
        assert places(place.address) == (place,)


def test_link_local_source_keeps_its_interface() -> None:
    """An fe80:: address is useless without the interface it was heard on."""
    index = socket.if_nametoindex("lo")
    assert host_text(("fe80::1", 7, 0, index)) == "fe80::1%lo"
    assert host_text(("fe80::1", 7, 0, 999_999)) == "fe80::1%999999"
    assert host_text(("2001:db8::1", 7, 0, 0)) == "2001:db8::1"
    assert host_text(("10.0.0.1", 7)) == "10.0.0.1"


@pytest.mark.trio
async def test_interfaces_are_looked_at_now_and_then(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """Without any announcement of the kernel's it is time to look after a while."""
    changes = Changes()
    changes.close()
    changes._socket, silent = trio.socket.socketpair()
    await changes.wait()
    assert trio.current_time() == pytest.approx(RESCAN_S)
    changes.close()
    silent.close()


@pytest.mark.trio
async def test_announced_change_is_told_at_once(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """What the kernel announces ends the waiting in the same moment."""
    changes = Changes()
    changes.close()
    changes._socket, kernel = trio.socket.socketpair()
    await kernel.send(b"a netlink message")
    await changes.wait()
    assert trio.current_time() == 0
    changes.close()
    kernel.close()


@pytest.mark.trio
async def test_errors_of_the_announcing_socket_do_not_spin(
    autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the kernel lost announcements the interfaces are looked at, after a pause."""

    class Overflowing:
        async def recv(self, size: int) -> bytes:
            raise OSError("no buffer space")

    changes = Changes()
    changes.close()
    monkeypatch.setattr(changes, "_socket", Overflowing())
    await changes.wait()
    assert trio.current_time() == pytest.approx(1)


@pytest.mark.trio
async def test_without_netlink_the_regular_look_remains(
    autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kernel that refuses the subscription costs promptness, nothing else."""

    def refuse(*_: object) -> socket.socket:
        raise OSError("not here")

    with monkeypatch.context() as patch:
        patch.setattr("holub_relay.discovery.interfaces.socket.socket", refuse)
        changes = Changes()
    await changes.wait()
    assert trio.current_time() == pytest.approx(RESCAN_S)
    changes.close()


def test_our_addresses_have_their_networks() -> None:
    """Each address comes with its prefix and interface; a listener on loopback has only that."""
    (loopback,) = own_addresses("127.0.0.1")
    assert (str(loopback.ip), loopback.name, loopback.host) == ("127.0.0.1/8", "lo", "127.0.0.1")
    assert own_addresses("192.0.2.254") == ()
    for own in own_addresses(None):
        assert own.name != "lo"
        assert own.host.endswith(f"%{own.name}") is (own.ip.version == 6 and own.ip.is_link_local)
        if own.ip.version == 4:
            assert own_addresses(own.host) == (own,)


def test_an_address_that_is_gone_is_noticed() -> None:
    """A socket's own address counts while the machine has it, and not when it has not."""
    lo = socket.if_nametoindex("lo")
    assert is_own(("127.0.0.1", 7447))
    assert not is_own(("192.0.2.254", 7447))
    assert not is_own(("2001:db8::254", 7447, 0, 0))
    assert not is_own(("fe80::254", 7447, 0, lo))


def test_only_addresses_of_our_own_networks_are_near() -> None:
    """An address beyond our networks is not for dialling; a link-local one gets our interface."""
    own = (
        Own(2, "eth0", ip_interface("10.0.0.1/24")),
        Own(2, "eth0", ip_interface("fe80::1/64")),
    )
    assert near("10.0.0.9", own) == "10.0.0.9"
    assert near("fe80::9", own) == near("fe80::9%eth0", own) == "fe80::9%eth0"
    far = ("10.0.1.9", "127.0.0.1", "fe80::9%eth1", "2001:db8::9", "::ffff:10.0.0.9", "relay")
    assert [near(host, own) for host in far] == [None] * len(far)


def test_own_hosts_are_known_by_their_text() -> None:
    """Both families, with the interface of a link-local address, also one that is gone."""
    assert is_own_host("127.0.0.1")
    assert is_own_host("::1")
    for host in ("192.0.2.254", "2001:db8::254", "fe80::1%gone0"):
        assert not is_own_host(host)
