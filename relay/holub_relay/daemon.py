"""The relay: one nursery with everything that runs, from the lock to the page."""

import logging
import os
import signal
import socket
import struct
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import SystemRandom
from typing import Final

import trio

from holub_protocol.areas import AreaTree
from holub_protocol.frames import Bye
from holub_protocol.frames import encode as encode_frame
from holub_protocol.framing import frame_bytes
from holub_protocol.message import Now
from holub_protocol.stats import NodeStats
from holub_protocol.storage import StoreError, Writes
from holub_protocol.trustlist import TrustView
from holub_protocol.truth import AlertView, AreaStatus
from holub_relay import alarms, api, gate, neighbours, page
from holub_relay.asking import Answer, Request
from holub_relay.clock import ClockState
from holub_relay.config import OFF, Config, join_address, split_address
from holub_relay.discovery.beacon import Beacon
from holub_relay.discovery.interfaces import own_addresses, places
from holub_relay.discovery.mdns import Mdns, Me
from holub_relay.driver import Driver
from holub_relay.errors import OperatorError
from holub_relay.gossip import Gossip
from holub_relay.link import LinkKey
from holub_relay.links import LinkManager
from holub_relay.neighbours import Discovery
from holub_relay.page.state import StoreStats, Ticks
from holub_relay.passphrase import Passphrases
from holub_relay.revoking import keep_vouching
from holub_relay.station import Station
from holub_relay.tcp import listen, port_of
from holub_relay.timekeeping import confirm, keep_time
from holub_relay.writer import Writer

_log = logging.getLogger(__name__)

LOCK_PATIENCE_S: Final = 2.0
"""A command that works without the daemon may have the directory open for a moment."""

GOODBYE_S: Final = 0.5
"""At a stop: time for BYE to leave, so that peers need not wait 15 s to notice."""

_ANY: Final = "0.0.0.0"  # noqa: S104 -- the page is for everybody on the shelter's Wi-Fi
_GOODBYE_LOOKS: Final = 50
_BOOT_NOTE: Final = "boot"
_BYE_STOPPING: Final = 0
_PAGE_PORTS: Final = 100


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the running relay listens; `page` is None where there is none."""

    listen: str
    page: str | None


class PageView:
    """The daemon as the page sees it (see page.state.PageState)."""

    def __init__(self, station: Station, manager: LinkManager, ticks: Ticks) -> None:
        """Look at these."""
        self._station, self._manager, self._ticks = station, manager, ticks
        self.writable = True

    @property
    def area(self) -> int:
        """The region this node stands in."""
        return self._station.config.area

    @property
    def areas(self) -> AreaTree:
        """The registry of regions."""
        return self._station.areas

    @property
    def realm_name(self) -> str:
        """The realm's name."""
        return self._station.node.trust.charter.name

    @property
    def demo(self) -> bool:
        """Whether the realm is for trying out."""
        return self._station.config.demo

    @property
    def clock(self) -> ClockState:
        """What is said of this machine's clock."""
        return self._station.clock.state

    def now(self) -> Now:
        """Return the moment."""
        return self._station.now()

    def status(self, area: int) -> AreaStatus:
        """Return what holds at a region."""
        return self._station.node.truth.status(area, self.now())

    def alerts(self) -> tuple[AlertView, ...]:
        """Return everything that is on."""
        return self._station.node.truth.alerts(self.now())

    def tests(self) -> tuple[AlertView, ...]:
        """Return the tests within their lifetime."""
        return self._station.node.truth.tests(self.now())

    def authority_name(self, number: int, lang: str) -> str:
        """Return an authority's name as the charter gives it."""
        authority = self._station.node.trust.charter.authority(number)
        if authority is None:
            return f"орган {number} поза хартією" if lang == "uk" else f"unknown body {number}"
        return authority.name_uk if lang == "uk" else authority.name_en

    def stats(self) -> NodeStats:
        """Return the node's counts."""
        return self._station.node.stats()

    def trust(self) -> TrustView:
        """Return what is known of the realm's trust."""
        return self._station.node.trust_view(self.now())

    def store(self) -> StoreStats:
        """Return the store's size and health."""
        store = self._station.store
        return StoreStats(self.writable, store.size_bytes(), store.quota_bytes)

    def alarms(self) -> tuple[str, ...]:
        """Return the tokens of what the operator must look into."""
        found = [alarm["token"] for alarm in alarms.forks(self._station.node.trust)]
        return tuple(dict.fromkeys(found + [alarms.TWIN for _ in self._manager.twins()]))

    def peers(self) -> int:
        """Return how many neighbours are linked."""
        return len(self._manager.peers())

    def subscribe(self) -> trio.abc.ReceiveChannel[None]:
        """Return a channel of ticks."""
        return self._ticks.subscribe()


def run(
    data_dir: Path,
    config: Config,
    announce: Callable[[str], None],
    passphrases: Passphrases | None = None,
) -> None:
    """Run a relay until SIGTERM or SIGINT; `announce` gets the lines to show at the start.

    Raises OperatorError where it can't start, or the store has failed.
    """
    with Station.open(
        data_dir, config, patience_s=LOCK_PATIENCE_S, passphrases=passphrases
    ) as station:
        writes = _next_boot(station)
        station.store.commit(writes)
        with Writer(station.store) as writer:
            try:
                trio.run(_main, station, writer, announce)
            except BaseExceptionGroup as errors:
                raise _told(errors, data_dir) from errors


def _told(errors: BaseExceptionGroup[BaseException], data_dir: Path) -> BaseException:
    """What to tell the operator: our own words where there are some, else everything."""
    leaves: list[BaseException] = [errors]
    while any(isinstance(leaf, BaseExceptionGroup) for leaf in leaves):
        leaves = [
            inner
            for leaf in leaves
            for inner in (leaf.exceptions if isinstance(leaf, BaseExceptionGroup) else (leaf,))
        ]
    for leaf in leaves:
        if isinstance(leaf, OperatorError):
            return leaf
    for leaf in leaves:
        if isinstance(leaf, StoreError):
            return OperatorError(
                f"the store of {data_dir} has failed: {leaf}; check the disk, then start again"
            )
    return errors


def _next_boot(station: Station) -> Writes:
    """Number this start: beacons of the one before are told apart by it."""
    return Writes(notes=((_BOOT_NOTE, struct.pack(">I", boot_of(station) + 1)),))


def boot_of(station: Station) -> int:
    """Return how often this directory's relay was started."""
    note = station.store.note(_BOOT_NOTE)
    return int.from_bytes(note, "big") if note is not None and len(note) == 4 else 0


async def _main(station: Station, writer: Writer, announce: Callable[[str], None]) -> None:
    config = station.config
    static = neighbours.static_peers(config.peers, station.realm_id)
    brought = neighbours.brought_gates(config.peers)
    gate_key = gate.find(station.data_dir, config.gate, brought, station.passphrases)
    ticks = Ticks()
    driver = Driver(station, writer, ticks.tick)
    manager = _links(station, driver, gate_key)
    host, port = split_address(config.listen, "--listen")
    driver.attach(manager, Gossip(manager, lambda: own_addresses(host)))
    try:
        listeners = await listen(host, port)
    except OSError as error:
        raise OperatorError(
            f"can't listen on {config.listen}: {error.strerror or error}; "
            "choose another with --listen HOST:PORT (port 0 takes any free one)"
        ) from None
    port = port_of(listeners)
    for peer in static:
        manager.configure(peer.host, peer.port, peer.key)
    discovery = Discovery()
    if config.discovery:
        neighbours.try_remembered(station, manager)
        discovery = Discovery(
            _beacon(station, manager, host, port), _mdns(station, manager, host, port)
        )
    view = PageView(station, manager, ticks)
    with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(manager.run, listeners)
            page_url = await _start_page(nursery, view, config)
            addresses = Addresses(join_address(host, port), page_url)
            socket_ = api.bind(station.data_dir)
            nursery.start_soon(
                api.serve,
                station.data_dir,
                socket_,
                _Answers(driver, manager, addresses, discovery, gate_key),
            )
            if discovery.beacon is not None and discovery.mdns is not None:
                nursery.start_soon(discovery.beacon.run)
                nursery.start_soon(discovery.mdns.run)
            nursery.start_soon(neighbours.remember, manager, writer)
            nursery.start_soon(keep_time, driver, writer)
            nursery.start_soon(_drive, driver, view)
            nursery.start_soon(keep_vouching, driver)
            for line in _greeting(station, addresses):
                announce(line)
            async for number in signals:
                _log.info("stopping on %s", signal.Signals(number).name)
                break
            await _say_goodbye(manager)
            nursery.cancel_scope.cancel()


def _links(station: Station, driver: Driver, gate_key: bytes | None) -> LinkManager:
    return LinkManager(
        LinkKey.make(station.identity, station.realm_id, os.urandom),
        driver,
        entropy=os.urandom,
        rng=SystemRandom(),
        granted=lambda key: station.node.trust.is_relay(key, int(time.time())),
        gate=gate_key,
        alarm=lambda twin: driver.alarm(f"{alarms.TWIN}: {alarms.duplicate(twin)['text']}"),
    )


async def _drive(driver: Driver, view: PageView) -> None:
    try:
        await driver.run()
    except StoreError:
        view.writable = False
        raise


def _beacon(station: Station, manager: LinkManager, host: str | None, port: int) -> Beacon:
    return Beacon(
        station.identity,
        station.realm_id,
        listen_host=host,
        tcp_port=port,
        boot=boot_of(station),
        hint=manager.hint,
        granted=lambda key: station.node.trust.is_relay(key, int(time.time())),
        missing=manager.missing,
        rng=SystemRandom(),
        suspect=manager.suspect,
    )


def _mdns(station: Station, manager: LinkManager, host: str | None, port: int) -> Mdns:
    me = Me(station.identity.public, station.realm_id, port)
    return Mdns(me, listen_host=host, hint=manager.hint)


async def _start_page(nursery: trio.Nursery, view: PageView, config: Config) -> str | None:
    """Start the page; a demo takes the next free port where the wanted one is taken."""
    if config.page == OFF:
        return None
    host, port = split_address(config.page, "--page")
    host = host or _ANY
    ports = range(port, min(port + _PAGE_PORTS, 65_536)) if config.demo and port else (port,)
    free = next((candidate for candidate in ports if _is_free(host, candidate)), None)
    if free is None:
        raise OperatorError(
            f"the page can't listen on {config.page}: it is taken, or not this machine's; "
            "choose another with --page HOST:PORT, or --page off"
        )
    bound = await nursery.start(page.serve, view, host, free)
    shown = "127.0.0.1" if host == _ANY else host
    return f"http://{join_address(shown, bound if isinstance(bound, int) else free)}/"


def _is_free(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with suppress(OSError):
            probe.bind((host, port))
            return True
    return False


async def _say_goodbye(manager: LinkManager) -> None:
    links = manager.peers()
    for link in links:
        manager.send(link.link_id, frame_bytes(encode_frame(Bye(_BYE_STOPPING, 0))))
        manager.close(link.link_id, "stopping")
    for _ in range(_GOODBYE_LOOKS):
        if not manager.peers():
            return
        await trio.sleep(GOODBYE_S / _GOODBYE_LOOKS)


def _clock_lines(station: Station) -> list[str]:
    """What to do about a clock that nothing vouches for."""
    if station.clock.state.reliable:
        return []
    moment = datetime.fromtimestamp(station.now().wall_s, UTC)
    return [
        "clock   nothing vouches for it: nothing is shown as clear; if "
        f"{moment:%Y-%m-%d %H:%M} UTC is right, say `holub clock confirm --data {station.data_dir}`"
    ]


class _Answers:
    """Requests to the running daemon: those of the node, and what only the daemon knows."""

    def __init__(
        self,
        driver: Driver,
        manager: LinkManager,
        addresses: Addresses,
        discovery: Discovery,
        gate_key: bytes | None,
    ) -> None:
        self._driver, self._manager, self._addresses = driver, manager, addresses
        self._discovery, self._gate_key = discovery, gate_key

    async def __call__(self, request: Request) -> Answer:
        """Answer one."""
        if request.get("do") in ("peers", "join-code"):
            return self._neighbours(str(request["do"]))
        if request.get("do") == "clock-confirm":
            return confirm(self._driver, request.get("at_s"))
        answer = await self._driver.request(request)
        if request.get("do") == "status" and "error" not in answer:
            stats = self._driver.stats()
            answer["daemon"] = {
                "pid": os.getpid(),
                "listen": self._addresses.listen,
                "page": self._addresses.page,
                "batches": stats.batches,
                "commits": stats.commits,
                "full": stats.full,
                "banned": self._manager.banned(),
                "faults": {str(fault): n for fault, n in sorted(self._manager.faults().items())},
            }
            answer["alarms"] += map(alarms.duplicate, self._manager.twins())
            places = {peer.link_id: peer for peer in self._manager.peers()}
            for link in answer["links"]:
                peer = places.get(link["link"])
                link["address"] = join_address(*peer.address) if peer else None
                link["outbound"] = peer.outbound if peer else None
        return answer

    def _neighbours(self, do: str) -> Answer:
        if do == "peers":
            return neighbours.peers(self._manager, self._discovery)
        try:
            station, listen = self._driver.station, self._addresses.listen
            return neighbours.join_code(station, listen, self._gate_key)
        except OperatorError as error:
            return {"error": str(error), "code": int(error.code)}


def phone_urls(wanted: str, page_url: str | None) -> list[str]:
    """Return what a phone on the same network types, where the page is open to all addresses."""
    if page_url is None or split_address(wanted, "--page")[0] not in (None, _ANY):
        return []
    port = page_url.rstrip("/").rpartition(":")[2]
    return [f"http://{place.address}:{port}/" for place in places(_ANY) if place.address]


def _greeting(station: Station, addresses: Addresses) -> list[str]:
    charter = station.node.trust.charter
    demo = "demo realm: nothing here is real; " if station.config.demo else ""
    return [
        f"realm   {charter.name} ({demo}charter {charter.version})",
        f"words   {station.node.trust.words}",
        f"area    {station.config.area} {station.areas.name(station.config.area, 'uk')}",
        f"page    {addresses.page or 'off'}",
        *(f"phones  {url}" for url in phone_urls(station.config.page, addresses.page)),
        f"listens {addresses.listen}",
        f"data    {station.data_dir}",
        *([f"damage  {station.salvaged}"] if station.salvaged else []),
        *_clock_lines(station),
    ]
