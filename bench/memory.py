"""Memory of a relay: VmRSS idle, and with 100,000 messages and one peer, at both ends.

Two real daemons on loopback. The first starts with the messages in its store; the second has
none and gets them all over the link; how long that takes is printed too. Usage: memory.py
[messages]
"""

import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from _common import Signers, argument, emit, join_realm, make_realm

from holub_relay.client import Client
from holub_relay.config import Config
from holub_relay.station import Station

BATCH = 500
PATIENCE_S = 600


def free_port() -> int:
    """Return a port of loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def resident_mib(pid: int) -> float:
    """Return VmRSS of a process."""
    for row in Path(f"/proc/{pid}/status").read_text().splitlines():
        if row.startswith("VmRSS:"):
            return int(row.split()[1]) / 1024
    raise RuntimeError(f"no VmRSS of {pid}")


def fill(data: Path, count: int) -> None:
    """Put messages into a relay's store, as if they had come."""
    with Station.open(data, Config(clock="host"), os.urandom) as station:
        signers = Signers(station, 10)
        for raw in signers.grants:
            station.node.offer(raw, station.now())
        for number, raw in enumerate(signers.messages(count, "m")):
            assert isinstance(station.node.offer(raw, station.now()), bytes)
            if number % BATCH == 0:
                station.settle()
        station.settle()


def relay(data: Path, port: int, *options: str) -> subprocess.Popen[bytes]:
    """Start a daemon on loopback and wait until it answers."""
    process = subprocess.Popen(
        [sys.executable, "-m", "holub_relay", "relay", "--data", str(data), "--no-discovery",
         "--clock", "host",
         "--listen", f"127.0.0.1:{port}", "--page", f"127.0.0.1:{free_port()}", *options],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    until = time.monotonic() + 60
    while not (data / "api.sock").exists():
        if process.poll() is not None or time.monotonic() > until:
            raise RuntimeError(f"the relay of {data} did not start")
        time.sleep(0.05)
    return process


def people(data: Path) -> int:
    """Return how many people's messages a running relay holds."""
    with Client(data) as client:
        held = client.call({"do": "status"})["held"]
    return next(int(row["messages"]) for row in held if row["class"] == "people")


def main() -> None:
    """Measure idle, then full at both ends."""
    count = argument(100_000)
    with tempfile.TemporaryDirectory() as directory:
        first = make_realm(Path(directory))
        second = join_realm(Path(directory), "second", first)
        port = free_port()
        idle = relay(first, port)
        time.sleep(3)
        emit("memory", what="idle", vmrss_mib=resident_mib(idle.pid))
        idle.terminate()
        idle.wait(20)
        fill(first, count)
        running = [relay(first, port), relay(second, free_port(), "--peer", f"127.0.0.1:{port}")]
        try:
            begun = time.monotonic()
            while people(second) < count and time.monotonic() - begun < PATIENCE_S:
                time.sleep(1)
            took = time.monotonic() - begun
            time.sleep(20)
            for name, data, process in zip(
                ("sender", "receiver"), (first, second), running, strict=True
            ):
                emit(
                    "memory",
                    what=f"{name} with {people(data)} messages and one peer",
                    vmrss_mib=resident_mib(process.pid),
                    sync_s=took,
                )
        finally:
            for process in running:
                process.terminate()
            for process in running:
                process.wait(20)


if __name__ == "__main__":
    main()
