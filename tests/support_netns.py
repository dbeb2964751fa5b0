"""Network namespaces for tests with real daemons: hosts, a switch between them, cuts and heals.

Everything lives in namespaces that this module makes and removes; the machine's own interfaces
are never touched. Needs root and iproute2.
"""

import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HOLUB = (sys.executable, "-m", "holub_relay")
PATIENCE_S = 40


def run(*command: str) -> str:
    """Run a command to its end; what it wrote is the error's text if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def until(what: str, probe: Any, patience_s: float = PATIENCE_S) -> float:
    """Poll until `probe()` is true; return the seconds it took, or fail naming `what`."""
    start = time.monotonic()
    while True:
        if probe():
            return time.monotonic() - start
        if time.monotonic() - start > patience_s:
            raise AssertionError(f"not within {patience_s} s: {what}")
        time.sleep(0.05)


class Host:
    """One namespace with a data directory, in which a relay may run."""

    def __init__(self, namespace: str, address: str, directory: Path) -> None:
        self.namespace, self.address = namespace, address
        self.data = directory
        self.log = directory.with_suffix(".log")
        self.process: subprocess.Popen[bytes] | None = None
        self.enter = ("ip", "netns", "exec", namespace)

    def command(self, *words: str) -> list[str]:
        """Return the command that runs `holub WORDS` in this namespace."""
        return [*self.enter, *HOLUB, *words]

    def remove(self) -> None:
        """Kill the relay and remove the namespace."""
        self.kill()
        subprocess.run(["ip", "netns", "delete", self.namespace], check=False)

    def holub(self, *words: str) -> str:
        """Run `holub WORDS --data DIR` here and return what it printed."""
        return run(*self.command(*words, "--data", str(self.data)))

    def json(self, *words: str) -> Any:
        """Run a command with --json and return what it printed as a value."""
        return json.loads(self.holub(*words, "--json"))

    def start(self, *options: str) -> None:
        """Start the relay and wait until it answers."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command(
                    "relay", "--data", str(self.data), "--clock", "host",
                    "--listen", "0.0.0.0:7447",
                    "--page", f"{self.address}:8090", *options,
                ),
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        until(f"{self.namespace} up: {self.log.read_text()[-800:]}", self._answers)

    def _answers(self) -> bool:
        assert self.process is not None
        if self.process.poll() is not None:
            raise AssertionError(f"the relay ended: {self.log.read_text()[-2000:]}")
        return (self.data / "api.sock").exists()

    def pid(self) -> int:
        """Return the relay's own process, which `ip netns exec` has become."""
        assert self.process is not None
        return self.process.pid

    def kill(self) -> None:
        """Kill the relay without warning."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(10)
            self.process = None

    def stop(self) -> int:
        """Stop the relay as an operator would; return its exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(15)
        self.process = None
        return code

    def links(self) -> int:
        """Return how many links are live."""
        return sum(link["live"] for link in self.json("status")["links"])

    def ids(self, kind: str | None = None) -> list[str]:
        """Return the ids held, sorted."""
        words = ("list",) if kind is None else ("list", "--kind", kind)
        return sorted(item["id"] for item in self.json(*words))


class Lan:
    """A switch in a namespace of its own, with a port for each host."""

    def __init__(self, count: int, directory: Path) -> None:
        self.tag = f"hb{os.getpid() % 10_000}"
        self.switch = f"{self.tag}sw"
        self.hosts: list[Host] = []
        run("ip", "netns", "add", self.switch)
        self.inside("ip", "link", "add", "br0", "type", "bridge", "mcast_snooping", "0")
        self.inside("ip", "link", "set", "br0", "up")
        for number in range(1, count + 1):
            self._plug(number, directory)

    def inside(self, *command: str) -> None:
        """Run a command on the switch."""
        run("ip", "netns", "exec", self.switch, *command)

    def _plug(self, number: int, directory: Path) -> None:
        namespace = f"{self.tag}h{number}"
        run("ip", "netns", "add", namespace)
        run("ip", "link", "add", f"p{number}", "netns", self.switch, "type", "veth",
            "peer", "name", "eth0", "netns", namespace)  # fmt: skip
        self.inside("ip", "link", "set", f"p{number}", "master", "br0", "up")
        host = Host(namespace, f"10.77.0.{number}", directory / f"h{number}")
        run(*host.enter, "ip", "link", "set", "lo", "up")
        run(*host.enter, "ip", "address", "add", f"{host.address}/24", "dev", "eth0")
        run(*host.enter, "ip", "link", "set", "eth0", "up")
        self.hosts.append(host)

    def isolate(self, number: int, isolated: bool = True) -> None:
        """Cut a port off from the others, or heal it; its carrier stays up."""
        state = "on" if isolated else "off"
        for port in range(1, len(self.hosts) + 1) if len(self.hosts) == 2 else (number,):
            self.inside("bridge", "link", "set", "dev", f"p{port}", "isolated", state)

    def close(self) -> None:
        """Kill what still runs and remove every namespace."""
        for host in self.hosts:
            host.remove()
        subprocess.run(["ip", "netns", "delete", self.switch], check=False)


class Line:
    """Hosts in a row, each with a cable to the next and to nobody else."""

    def __init__(self, count: int, directory: Path) -> None:
        self.tag = f"hl{os.getpid() % 10_000}"
        self.hosts = [
            Host(f"{self.tag}h{n}", f"10.79.{n}.1", directory / f"h{n}") for n in range(count)
        ]
        for host in self.hosts:
            run("ip", "netns", "add", host.namespace)
            run(*host.enter, "ip", "link", "set", "lo", "up")
        for number, (here, there) in enumerate(itertools.pairwise(self.hosts)):
            run("ip", "link", "add", "right", "netns", here.namespace, "type", "veth",
                "peer", "name", "left", "netns", there.namespace)  # fmt: skip
            for host, port, end in ((here, "right", 1), (there, "left", 2)):
                address = f"10.79.{number}.{end}/24"
                run(*host.enter, "ip", "address", "add", address, "dev", port)
                run(*host.enter, "ip", "link", "set", port, "up")
        self.hosts[-1].address = f"10.79.{count - 2}.2"

    def close(self) -> None:
        """Kill what still runs and remove every namespace."""
        for host in self.hosts:
            host.remove()


@contextmanager
def line(count: int, directory: Path) -> Iterator[Line]:
    """Make a line of `count` hosts and remove it at the end."""
    made = Line(count, directory)
    try:
        yield made
    finally:
        made.close()


@contextmanager
def lan(count: int, directory: Path) -> Iterator[Lan]:
    """Make a LAN of `count` hosts and remove it at the end."""
    made: Lan | None = None
    try:
        made = Lan(count, directory)
        yield made
    finally:
        if made is not None:
            made.close()
