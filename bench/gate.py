"""The gate: what one junk handshake costs a relay, with a district's gate key and without.

*Judged* is the state machine alone: forked for each caller as the relay does it, fed one first
message of the right length and random content, until it is refused (with a gate key) or answered
(without). *Connected* is all that a relay of this process does for such a caller, from accept to
close over TCP on loopback; callers are another process and not counted. CPU, in turn, the median of
rounds. Usage: gate.py [callers]
"""

import os
import socket
import sys
import time
from random import SystemRandom

import trio
from _common import argument, cpu_s, emit, spread

from holub_crypto.identity import Identity
from holub_relay.link import GATE_BYTES, LinkError, LinkKey, SecureLink
from holub_relay.links import LinkManager
from holub_relay.tcp import listen, port_of

ROUNDS = 7
BAR_US = 30.0


class Nobody:
    """Hooks for links that never come."""

    def on_up(self, link_id: int, peer_key: bytes) -> None:
        """Never called."""

    def on_data(self, link_id: int, data: bytes) -> None:
        """Never called."""

    def on_down(self, link_id: int) -> None:
        """Never called."""


def first_message(gate: bytes | None) -> bytes:
    """Return junk of the length that passes the first look."""
    size = 32 if gate is None else 48
    return size.to_bytes(2, "big") + os.urandom(size)


def judged_us(key: LinkKey, gate: bytes | None, count: int) -> float:
    """Return microseconds of CPU for each caller."""
    messages = [first_message(gate) for _ in range(count)]
    listening = SecureLink(False, key, os.urandom, gate=gate)
    before_s = time.process_time()
    for message in messages:
        link = listening.fork()
        try:
            link.receive(message)
        except LinkError:
            continue
    return (time.process_time() - before_s) / count * 1e6


def call(port: int, gate: bool, count: int) -> None:
    """Be the callers: one connection after the other, each with its junk, until it is closed."""
    message = first_message(bytes(GATE_BYTES) if gate else None)
    for _ in range(count):
        with socket.create_connection(("127.0.0.1", port)) as caller:
            caller.sendall(message)
            caller.recv(512)  # the end of it, or an answer that nobody follows up


async def connected_us(key: LinkKey, gate: bytes | None, count: int) -> float:
    """Return microseconds of this process for each caller, from accept to close."""
    manager = LinkManager(
        key,
        Nobody(),
        entropy=os.urandom,
        rng=SystemRandom(),
        granted=lambda _: False,
        gate=gate,
    )
    listeners = await listen("127.0.0.1", 0)
    command = [sys.executable, __file__, "call", str(port_of(listeners))]
    async with trio.open_nursery() as nursery:
        nursery.start_soon(manager.run, listeners)
        before_s = cpu_s()
        await trio.run_process([*command, str(int(gate is not None)), str(count)])
        while sum(manager.faults().values()) < count:  # noqa: ASYNC110 -- the last are being closed
            await trio.sleep(0.01)
        spent_s = cpu_s() - before_s
        nursery.cancel_scope.cancel()
    return spent_s / count * 1e6


def main() -> None:
    """Measure both, with and without."""
    count = argument(3000)
    key = LinkKey.make(Identity.generate(os.urandom), os.urandom(32), os.urandom)
    gates = {"with": os.urandom(GATE_BYTES), "without": None}
    judged: dict[str, list[float]] = {name: [] for name in gates}
    connected: dict[str, list[float]] = {name: [] for name in gates}
    for _ in range(ROUNDS):
        for name, gate in gates.items():
            judged[name].append(judged_us(key, gate, count))
            connected[name].append(trio.run(connected_us, key, gate, count // 4))
    for what, found in (("judged", judged), ("connected", connected)):
        for name, values in found.items():
            emit(f"gate {what}", gate=name, us=spread(values))
        ratios = [a / b for a, b in zip(found["with"], found["without"], strict=True)]
        emit(f"gate {what} ratio", with_to_without=spread(ratios))
    median_us = sorted(judged["with"])[ROUNDS // 2]
    emit("gate bar", us=BAR_US, seen_us=median_us, met=median_us <= BAR_US)


if __name__ == "__main__":
    if sys.argv[1:2] == ["call"]:
        call(int(sys.argv[2]), sys.argv[3] == "1", int(sys.argv[4]))
    else:
        main()
