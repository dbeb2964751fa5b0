"""A hop: what it costs that a durable, verified message goes from relay A to relay B.

CPU of both ends in one process, from link-up to the last acknowledgement, over TCP on loopback
with Noise, strict decoding, signature, grant, quota and SQLite FULL at B. Beside it, in the
same run, a floor: plain trio, the same messages, one Ed25519 check and one SQLite FULL insert
each, acknowledged by 16 bytes, with nothing else. Usage: hop.py [messages]
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw
import trio
from _common import (
    Signers,
    Site,
    argument,
    cpu_s,
    emit,
    join_realm,
    make_realm,
    site,
    spread,
    start,
)

from holub_crypto import cose
from holub_crypto.identity import key_hint, verify
from holub_protocol.codec import external
from holub_protocol.kinds import Class
from holub_relay.config import Config
from holub_relay.driver import Driver
from holub_relay.station import Station
from holub_relay.writer import Writer

ROUNDS = 3
BATCH = 16
SINGLES = 150


async def floor(
    messages: list[bytes], keys: dict[bytes, bytes], realm_id: bytes, size: int
) -> float:
    """Return CPU seconds a message of the plain floor, `size` messages to a transaction."""
    aad = external(realm_id)
    with tempfile.TemporaryDirectory() as directory:
        db = apsw.Connection(str(Path(directory) / "floor.db"))
        for statement in (
            "PRAGMA journal_mode=wal",
            "PRAGMA synchronous=FULL",
            "CREATE TABLE m (id BLOB PRIMARY KEY, kid BLOB, body BLOB) WITHOUT ROWID",
            "CREATE INDEX by_kid ON m (kid)",
        ):
            db.execute(statement).fetchall()

        async def receive(stream: trio.SocketStream) -> None:
            buffer = bytearray()
            left = len(messages)
            while left:
                buffer += await stream.receive_some(65536)
                batch, acks = [], bytearray()
                while len(buffer) >= 2:
                    end = 2 + int.from_bytes(buffer[:2], "big")
                    if len(buffer) < end:
                        break
                    raw = bytes(buffer[2:end])
                    del buffer[:end]
                    signed = cose.read_sign1(raw)
                    content = cose.sign1_content(signed.hint, aad, signed.payload)
                    assert verify(keys[signed.hint], content, signed.signature)
                    batch.append((signed.signature[:32], signed.hint, raw))
                    acks += signed.signature[:16]
                with db:
                    db.executemany("INSERT OR IGNORE INTO m VALUES (?,?,?)", batch)
                left -= len(batch)
                await stream.send_all(bytes(acks))

        listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
        address = listeners[0].socket.getsockname()
        begun = cpu_s()
        async with trio.open_nursery() as nursery:
            client = await trio.open_tcp_stream("127.0.0.1", address[1])
            server = await listeners[0].accept()
            nursery.start_soon(receive, server)
            for first in range(0, len(messages), size):
                batch = messages[first : first + size]
                await client.send_all(b"".join(len(m).to_bytes(2, "big") + m for m in batch))
                due = 16 * len(batch)
                while due:
                    due -= len(await client.receive_some(due))
        spent: float = cpu_s() - begun
        await client.aclose()
        await server.aclose()
        await listeners[0].aclose()
        db.close()
        return spent / len(messages)


class Watched(Driver):
    """A driver that tells when its node knows that the peer counts everything it holds."""

    def __init__(self, station: Station, writer: Writer) -> None:
        super().__init__(station, writer)
        self.linked = trio.Event()
        self.heard = trio.Event()

    def on_up(self, link_id: int, peer_key: bytes) -> None:
        """A link stands."""
        super().on_up(link_id, peer_key)
        self.linked.set()

    def on_data(self, link_id: int, data: bytes) -> None:
        """Something came."""
        super().on_data(link_id, data)
        self.heard.set()

    async def acknowledged(self) -> None:
        """Wait until both sides' sets of people's messages are equal, as this side sees it."""
        await self.linked.wait()
        while True:
            links = self.node.stats().links
            if links and links[0].classes[Class.PEOPLE].equal:
                return
            self.heard = trio.Event()
            await self.heard.wait()


@contextmanager
def two(directory: Path) -> Iterator[tuple[Site[Watched], Site[Watched], Signers]]:
    """Yield two relays of one realm, and keys enrolled at both."""
    first = make_realm(directory)
    second = join_realm(directory, "second", first)
    with site(first, Watched) as a, site(second, Watched) as b:
        signers = Signers(a.station, 10)
        for made in (a, b):
            for raw in signers.grants:
                assert isinstance(made.station.node.offer(raw, made.station.now()), bytes)
            made.station.settle()
        yield a, b, signers


async def batched(count: int) -> tuple[float, float]:
    """Return (CPU seconds, wire bytes) a message when A holds them all at link-up."""
    with tempfile.TemporaryDirectory() as directory, two(Path(directory)) as (a, b, signers):
        for raw in signers.messages(count, "b"):
            assert isinstance(a.station.node.offer(raw, a.station.now()), bytes)
        a.station.settle()
        async with trio.open_nursery() as nursery:
            await start(nursery, a)
            await start(nursery, b)
            await trio.sleep(0.1)
            begun = cpu_s()
            a.manager.configure("127.0.0.1", b.port)
            await a.driver.acknowledged()
            spent = cpu_s() - begun
            (peer,) = a.manager.peers()
            wire = peer.bytes_in + peer.bytes_out
            assert sum(1 for _ in b.station.node.holdings.held_ids(Class.PEOPLE)) == count
            nursery.cancel_scope.cancel()
    return spent / count, wire / count


async def singly(count: int) -> tuple[float, float]:
    """Return (CPU seconds, wire bytes) a message when each is published after the last was
    acknowledged; what it costs A to take it in, measured without a link, is not counted."""
    with tempfile.TemporaryDirectory() as directory, two(Path(directory)) as (a, b, signers):
        alone = list(signers.messages(2 * count, "s"))
        async with trio.open_nursery() as nursery:
            await start(nursery, a)
            await start(nursery, b)
            begun = cpu_s()
            for raw in alone[count:]:
                await a.driver.request({"do": "offer", "raw": raw.hex()})
            intake = cpu_s() - begun
            a.manager.configure("127.0.0.1", b.port)
            await a.driver.acknowledged()
            (peer,) = a.manager.peers()
            before = peer.bytes_in + peer.bytes_out
            begun = cpu_s()
            for raw in alone[:count]:
                await a.driver.request({"do": "offer", "raw": raw.hex()})
                await a.driver.acknowledged()
            spent = cpu_s() - begun - intake
            (peer,) = a.manager.peers()
            wire = peer.bytes_in + peer.bytes_out - before
            nursery.cancel_scope.cancel()
    return spent / count, wire / count


def main() -> None:
    """Run all four in turn, several times, and print medians and ratios."""
    count = argument(2000)
    figures: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as directory:
            data = make_realm(Path(directory))
            with site_free(data) as signers:
                plain = list(signers.messages(count, "f"))
                keys = {key_hint(key.public): key.public for key in signers.keys}
                realm_id = signers.realm_id
        floor16 = trio.run(floor, plain, keys, realm_id, BATCH)
        floor1 = trio.run(floor, plain[:SINGLES], keys, realm_id, 1)
        many, many_bytes = trio.run(batched, count)
        one, one_bytes = trio.run(singly, SINGLES)
        for name, value in (
            ("floor batched us", floor16 * 1e6),
            ("floor singly us", floor1 * 1e6),
            ("hop batched us", many * 1e6),
            ("hop singly us", one * 1e6),
            ("ratio batched", many / floor16),
            ("ratio singly", one / floor1),
            ("bytes batched", many_bytes),
            ("bytes singly", one_bytes),
        ):
            figures.setdefault(name, []).append(value)
    for name, values in figures.items():
        emit("hop", what=name, **spread(values))


@contextmanager
def site_free(data: Path) -> Iterator[Signers]:
    """Yield enrolled keys of a realm without running a relay."""
    with Station.open(data, Config(clock="host"), os.urandom) as station:
        yield Signers(station, 10)


if __name__ == "__main__":
    main()
