"""What the benchmarks share: a realm with relays in temporary directories, and JSON lines."""

import json
import os
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Generic, TypeVar

import trio

from holub_crypto.identity import Identity
from holub_protocol.codec import encode
from holub_protocol.kinds import KINDS, Class, kind_named
from holub_protocol.kinds.sealed import SealedBody
from holub_protocol.realm import desk_grant, sign_grant
from holub_relay import keyfile, realm
from holub_relay.config import Config
from holub_relay.driver import Driver
from holub_relay.link import LinkKey
from holub_relay.links import LinkManager
from holub_relay.station import Station
from holub_relay.tcp import listen, port_of
from holub_relay.writer import Writer

BODY_BYTES = 200
YEAR_S = 365 * 86400


def emit(name: str, **figures: object) -> None:
    """Print one result as a JSON line."""
    rounded = {k: round(v, 4) if isinstance(v, float) else v for k, v in figures.items()}
    print(json.dumps({"bench": name, **rounded}), flush=True)


def spread(values: list[float]) -> dict[str, float]:
    """Return the median, least and most of several runs."""
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


_Driver = TypeVar("_Driver", bound=Driver)


@dataclass
class Site(Generic[_Driver]):
    """A relay without page or discovery, in this process."""

    station: Station
    writer: Writer
    driver: _Driver
    manager: LinkManager
    port: int = 0


class Signers:
    """Enrolled keys that sign as many messages as a benchmark wants, within their caps."""

    def __init__(self, station: Station, count: int) -> None:
        """Enrol `count` keys with the registrar of this station."""
        self.realm_id = station.realm_id
        self.keys = [Identity.generate(os.urandom) for _ in range(count)]
        registrar = keyfile.load(station.data_dir, "registrar")
        self.now_s = station.now().wall_s
        kinds = tuple(sorted(k.number for k in KINDS.values() if k.cls >= Class.OFFICIAL))
        grants = [
            desk_grant(key.public, 0, self.now_s + YEAR_S, kinds=kinds, rate=60_000)
            for key in self.keys
        ]
        self.grants = [
            sign_grant(registrar, self.realm_id, grant, created_s=self.now_s - 7200, k=number)
            for number, grant in enumerate(grants)
        ]

    def messages(self, count: int, tag: str) -> Iterator[bytes]:
        """Yield `count` messages with bodies of 200 bytes in all."""
        kind = kind_named("checkin")
        fill = BODY_BYTES - 12
        for number in range(count):
            key = self.keys[number % len(self.keys)]
            turn = number // len(self.keys)
            body = SealedBody(f"{tag}{number:06d}"[:8].encode().ljust(8), bytes(fill))
            yield encode(
                key,
                self.realm_id,
                kind,
                created_s=self.now_s - 1 - 3600 * (turn // kind.hourly),
                k=turn % kind.hourly,
                lifetime_s=86400,
                area=93317,
                body=body,
            )


def make_realm(directory: Path) -> Path:
    """Make a realm and return the data directory that holds its keys."""
    data = directory / "first"
    realm.make(data, "Bench", Config(clock="host"), os.urandom)
    return data


def join_realm(directory: Path, name: str, first: Path) -> Path:
    """Make another relay of the realm and return its data directory."""
    data = directory / name
    realm.join(data, str(first / "charter.cbor"), Config(clock="host"), os.urandom)
    return data


@contextmanager
def site(data: Path, driving: type[_Driver]) -> Iterator[Site[_Driver]]:
    """Open a relay's directory with its writer, driver and links; inside trio.run."""
    with Station.open(data, Config(clock="host")) as station, Writer(station.store) as writer:
        driver = driving(station, writer)
        manager = LinkManager(
            LinkKey.make(station.identity, station.realm_id, os.urandom),
            driver,
            entropy=os.urandom,
            rng=Random(0),
            granted=lambda key: True,
        )
        driver.attach(manager)
        yield Site(station, writer, driver, manager)


async def start(nursery: trio.Nursery, made: Site[_Driver]) -> None:
    """Run a site's driver and links on a free loopback port."""
    listeners = await listen("127.0.0.1", 0)
    made.port = port_of(listeners)
    nursery.start_soon(made.manager.run, listeners)
    nursery.start_soon(made.driver.run)


def argument(default: int) -> int:
    """Return the first argument as a number, or a default."""
    return int(sys.argv[1]) if len(sys.argv) > 1 else default


def cpu_s() -> float:
    """Return the CPU seconds of this whole process, threads included."""
    return time.process_time()
