"""Two hosts in namespaces with a router between them, whose links are slow or lose packets."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support_netns import Host, run

QUEUE_BYTES = 65_536


@contextmanager
def routed(directory: Path, rate: str = "", loss_percent: int = 0) -> Iterator[tuple[Host, Host]]:
    """Yield two hosts; the router between them forwards at `rate` (as tc writes it) out of a
    queue of 64 KB each way, and drops that part of all packets at random (nftables)."""
    names = ("hbma", "hbmr", "hbmb")
    a = Host(names[0], "10.81.1.1", directory / "a")
    b = Host(names[2], "10.81.2.1", directory / "b")
    router = ("ip", "netns", "exec", names[1])
    try:
        for name in names:
            run("ip", "netns", "add", name)
            run("ip", "netns", "exec", name, "ip", "link", "set", "lo", "up")
        for host, port, net in ((a, "toa", 1), (b, "tob", 2)):
            run("ip", "link", "add", port, "netns", names[1], "type", "veth",
                "peer", "name", "eth0", "netns", host.namespace)  # fmt: skip
            run(*router, "ip", "address", "add", f"10.81.{net}.254/24", "dev", port)
            run(*router, "ip", "link", "set", port, "up")
            if rate:
                run(*router, "tc", "qdisc", "add", "dev", port, "root", "tbf", "rate", rate,
                    "burst", "1600", "limit", str(QUEUE_BYTES))  # fmt: skip
            run(*host.enter, "ip", "address", "add", f"{host.address}/24", "dev", "eth0")
            run(*host.enter, "ip", "link", "set", "eth0", "up")
            run(*host.enter, "ip", "route", "add", "default", "via", f"10.81.{net}.254")
        run(*router, "sysctl", "-qw", "net.ipv4.ip_forward=1")
        if loss_percent:
            run(*router, "nft", "add", "table", "ip", "lossy")
            run(*router, "nft", "add", "chain", "ip", "lossy", "through",
                "{ type filter hook forward priority 0 ; }")  # fmt: skip
            run(*router, "nft", "add", "rule", "ip", "lossy", "through",
                "numgen", "random", "mod", "100", "<", str(loss_percent), "drop")  # fmt: skip
        yield a, b
    finally:
        for host in (a, b):
            host.remove()
        run("ip", "netns", "delete", names[1])


def joined(a: Host, b: Host) -> None:
    """Make a realm at one host, and let the other join it."""
    a.holub("init", "--realm", "Bench", "--area", "93317")
    b.holub("init", "--join", str(a.data / "charter.cbor"), "--area", "93317")
