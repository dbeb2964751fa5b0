"""What the tests and the bench of discovery share: relays on a LAN, asked without new processes."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import support_hostile
from holub_relay import client
from holub_relay.errors import OperatorError
from support_netns import Host, Lan, run

KYIV = "93317"

# Filters of the nft language, each on a line of its own as nft 1.0 wants it.
_BLOCKED = """table inet discovery {{
 chain in {{
  type filter hook input priority 0
  udp dport {port} drop
 }}
}}
"""


def ask(host: Host, do: str, **more: Any) -> Any:
    """Ask a running relay over its socket; this process is not in its namespace, nor need be."""
    return client.call(host.data, {"do": do, **more})


def links(host: Host) -> list[Any]:
    """Return the live links of a relay; none while it is starting or stopping."""
    try:
        return [link for link in ask(host, "status")["links"] if link["live"]]
    except OperatorError:
        return []


def linked(*hosts: Host, count: int = 1) -> bool:
    """Whether each of the relays has `count` live links."""
    return all(len(links(host)) == count for host in hosts)


def set_up(first: Host, *others: Host, granted: bool = False) -> None:
    """Make a realm at the first and let the others join; `granted` gives each a relay's grant."""
    first.holub("init", "--clock", "host", "--realm", "Test City", "--area", KYIV)
    for host in others:
        host.holub(
            "init", "--clock", "host", "--join", str(first.data / "charter.cbor"), "--area", KYIV
        )
    if granted:
        for host in others:
            first.holub("realm", "grant", "--subject", node_key(host))


def node_key(host: Host) -> str:
    """Return the public key of a relay, running or not."""
    return str(ask(host, "realm")["keys"]["node"]["public"])


def start_alert(host: Host) -> str:
    """Sign an alert at a running relay; return its id."""
    answer = ask(host, "alert", verb="start", areas=[KYIV], hazard="fire", confirm=True)
    return str(answer["id"])


def holds(host: Host, id_: str) -> bool:
    """Whether a relay holds a message."""
    try:
        ask(host, "show", id=id_)
    except OperatorError:
        return False
    return True


def ip(host: Host, *words: str) -> None:
    """Run `ip WORDS` in a host's namespace."""
    run(*host.enter, "ip", *words)


def block(host: Host, port: int, directory: Path) -> None:
    """Drop what comes to a UDP port of this host."""
    rules = directory / f"{host.namespace}-{port}.nft"
    rules.write_text(_BLOCKED.format(port=port))
    run(*host.enter, "nft", "-f", str(rules))


def cable(made: Lan, number: int, state: str) -> None:
    """Pull a host's cable out of the switch ("down"), or put it back ("up")."""
    made.inside("ip", "link", "set", f"p{number}", state)


@contextmanager
def hostile(
    host: Host, realm: str, key: str, seconds: float, packets_per_s: int
) -> Iterator[subprocess.Popen[bytes]]:
    """Let a neighbour attack for some seconds; it is gone at the end."""
    words = (host.address, realm, key, str(seconds), str(packets_per_s))
    attack = subprocess.Popen([*host.enter, sys.executable, support_hostile.__file__, *words])
    try:
        yield attack
    finally:
        attack.kill()
        attack.wait(10)


def cpu_s(pid: int) -> float:
    """CPU seconds that a process has used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def rss_kib(pid: int) -> int:
    """Resident memory of a process."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])
