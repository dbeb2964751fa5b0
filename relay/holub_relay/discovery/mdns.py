"""zeroconf `_holub._tcp`: the announcement that every Bonjour or Avahi browser shows.

It is unsigned, so whoever is on the network may write what it likes: each answer becomes a hint
of the weakest kind, in bounded numbers, and only for addresses of our own networks.  zeroconf
itself runs in threads of its own; whatever happens to it there (a name that is taken, junk, a
network that goes away) is counted and ends with a fresh start, never with the daemon.
"""

import logging
import os
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import trio
import zeroconf

from holub_crypto.identity import PUBLIC_BYTES
from holub_relay.discovery.beacon import REALM_PREFIX_BYTES
from holub_relay.discovery.hints import Source
from holub_relay.discovery.interfaces import Changes, Own, near, own_addresses
from holub_relay.limits import (
    MDNS_ADDRESSES,
    MDNS_BROWSE_S,
    MDNS_CAUGHT,
    MDNS_CLOSE_S,
    MDNS_CPU_SHARE,
    MDNS_DELIVER_S,
    MDNS_KNOWN_ANSWERS,
    MDNS_LOOK_S,
    MDNS_REST_S_MAX,
    MDNS_REST_S_MIN,
    MDNS_SETTLE_S,
)

TYPE: Final = "_holub._tcp.local."
OVERLOADED: Final = "overloaded"

_VERSION: Final = "1"
_QUERY: Final = 0  # RFC 1035 4.1.1: neither a response nor any other flag
_PTR: Final = 12
_IN: Final = 1
_NAME_BYTES: Final = 8


@dataclass(frozen=True, slots=True)
class Said:
    """What an announcement says: this key listens on `port` of these hosts."""

    key: bytes
    port: int
    hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Me:
    """What we announce, and whom we listen to."""

    key: bytes
    realm_id: bytes
    port: int

    @property
    def name(self) -> str:
        """The instance's name: from the key, so that no two relays want the same."""
        return f"holub-{self.key[:_NAME_BYTES].hex()}"

    @property
    def realm(self) -> str:
        """The realm's first 8 bytes, as the beacon has them."""
        return self.realm_id[:REALM_PREFIX_BYTES].hex()

    def properties(self) -> dict[str, str]:
        """The TXT record."""
        return {"v": _VERSION, "realm": self.realm, "key": self.key.hex()}


def read(
    properties: Mapping[bytes, bytes | None],
    port: int | None,
    hosts: list[str],
    me: Me,
    own: tuple[Own, ...],
) -> Said | None:
    """What an answer says to us; None for junk, other realms, ourselves and far addresses."""
    if properties.get(b"v") != _VERSION.encode() or properties.get(b"realm") != me.realm.encode():
        return None
    try:
        key = bytes.fromhex((properties.get(b"key") or b"").decode())
    except ValueError:
        return None
    if len(key) != PUBLIC_BYTES or key == me.key or port is None or not 1 <= port <= 65_535:
        return None
    found = tuple(dialled for host in hosts[:MDNS_ADDRESSES] if (dialled := near(host, own)))
    return Said(key, port, found) if found else None


class Caught:
    """What zeroconf's thread hands over: the latest word of each key, in bounded number."""

    def __init__(self, wake: Callable[[], None]) -> None:
        """`wake` is called, from zeroconf's thread, when the first of some has come."""
        self._wake = wake
        self._lock = threading.Lock()
        self._said: dict[bytes, Said] = {}  # the oldest first

    def put(self, said: Said) -> None:
        """Take one in; from any thread."""
        with self._lock:
            first = not self._said
            self._said.pop(said.key, None)
            self._said[said.key] = said
            if len(self._said) > MDNS_CAUGHT:
                del self._said[next(iter(self._said))]
        if first:
            self._wake()

    def take(self) -> tuple[Said, ...]:
        """Give all of it away."""
        with self._lock:
            said = tuple(self._said.values())
            self._said.clear()
        return said


class Running(Protocol):
    """zeroconf at work on some interfaces (see Responder); its methods may block."""

    def announce(self) -> None:
        """Announce us; takes over a second."""

    def ask(self) -> None:
        """Ask the network who is there."""

    def cpu_s(self) -> float:
        """CPU seconds of its threads so far."""

    def close(self) -> None:
        """Say goodbye and end its threads."""


class Responder:
    """zeroconf on these addresses' interfaces; blocking, so for a thread."""

    def __init__(self, me: Me, own: tuple[Own, ...], caught: Callable[[Said], None]) -> None:
        """Listen and browse; raises whatever zeroconf or the system does."""
        # What neighbours send must not write our log.
        for name in ("zeroconf", "asyncio"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        self._me, self._own, self._caught = me, own, caught
        self.misread = 0
        ipv4 = [str(mine.ip.ip) for mine in own if mine.ip.version == 4]
        ipv6 = sorted({mine.index for mine in own if mine.ip.version == 6})
        versions = zeroconf.IPVersion
        self._zeroconf = zeroconf.Zeroconf(
            interfaces=[*ipv4, *ipv6],
            ip_version=versions.All if ipv6 and ipv4 else versions.V6Only if ipv6
            else versions.V4Only,
        )  # fmt: skip
        self._browser: zeroconf.ServiceBrowser | None = None
        self._threads: list[int] = []
        try:
            loop = self._zeroconf.loop
            assert loop is not None
            loop.call_soon_threadsafe(self._join)
            self._browser = zeroconf.ServiceBrowser(
                self._zeroconf, TYPE, handlers=[self._on_change]
            )
            if self._browser.native_id is not None:
                self._threads.append(self._browser.native_id)
        except BaseException:
            self.close()
            raise

    def _join(self) -> None:
        self._threads.append(threading.get_native_id())

    def announce(self) -> None:
        """Announce us.  Not probed for first (RFC 6762 8.1): the name holds our key, and whoever
        answers such a probe is no relay but wants us silent."""
        info = zeroconf.ServiceInfo(
            TYPE,
            f"{self._me.name}.{TYPE}",
            port=self._me.port,
            properties=self._me.properties(),
            server=f"{self._me.name}.local.",
            addresses=[mine.ip.ip.packed for mine in self._own],
        )
        self._zeroconf.register_service(info, cooperating_responders=True)

    def ask(self) -> None:
        """Ask once who is there, naming those known, who then need not answer."""
        # Public names of zeroconf that it forgot to list in __all__.
        question = zeroconf.DNSOutgoing(_QUERY)  # type: ignore[attr-defined]
        question.add_question(
            zeroconf.DNSQuestion(TYPE, _PTR, _IN)  # type: ignore[attr-defined]
        )
        known = self._zeroconf.cache.entries_with_name(TYPE)
        now_ms = zeroconf.current_time_millis()
        for record in known[-MDNS_KNOWN_ANSWERS:]:
            if record.type == _PTR and not record.is_stale(now_ms):
                question.add_answer_at_time(record, now_ms)
        self._zeroconf.send(question)

    def cpu_s(self) -> float:
        """CPU seconds of its two threads so far, as the kernel counts them."""
        return sum(_thread_cpu_s(thread) for thread in self._threads)

    def close(self) -> None:
        """Say goodbye and end both threads; the browser's stays for ever if it is not asked."""
        if self._browser is not None:
            self._browser.cancel()
        self._zeroconf.close()

    def _on_change(
        self,
        zeroconf: zeroconf.Zeroconf,
        service_type: str,
        name: str,
        state_change: Any,
    ) -> None:
        """Called in the browser's thread.  A goodbye says nothing: anybody may send it."""
        try:
            if state_change.name != "Removed":
                self._look(service_type, name)
        except Exception:  # a mistake, or junk that it does not foresee, must not end the thread
            self.misread += 1

    def _look(self, service_type: str, name: str) -> None:
        # From what came with the answer; asking for the rest would let a flood make us ask.
        info = zeroconf.ServiceInfo(service_type, name)
        info.load_from_cache(self._zeroconf)
        hosts = info.parsed_scoped_addresses()
        said = read(info.properties, info.port, hosts, self._me, self._own)
        if said is not None:
            self._caught(said)


def _thread_cpu_s(thread: int) -> float:
    try:
        text = Path(f"/proc/self/task/{thread}/stat").read_text()
    except OSError:  # it has ended
        return 0.0
    user, system = text.rpartition(")")[2].split()[11:13]  # proc(5): fields 14 and 15
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


Open = Callable[[Me, tuple[Own, ...], Callable[[Said], None]], Running]


class Mdns:
    """Keeps zeroconf going, anew after each change of addresses; make it inside trio.run."""

    def __init__(
        self,
        me: Me,
        *,
        listen_host: str | None,
        hint: Callable[[str, int, bytes, Source], None],
        responder: Open = Responder,
    ) -> None:
        """`hint(host, port, key, source)` is called for everything believable that was caught.

        Where `listen_host` is a loopback address nothing is announced anywhere.
        """
        self._me = me
        self._listen_host = listen_host
        self._hint = hint
        self._responder = responder
        self._caught = Caught(self._wake)
        self._some = trio.Event()
        self._changed = trio.Event()
        self._token = trio.lowlevel.current_trio_token()
        self._threads = trio.CapacityLimiter(4)
        self._failures: Counter[str] = Counter()
        self._starts = 0
        self._rest_s = MDNS_REST_S_MIN

    def failures(self) -> Mapping[str, int]:
        """How often zeroconf failed or was sent home, by reason."""
        return dict(self._failures)

    def starts(self) -> int:
        """How often zeroconf was started."""
        return self._starts

    async def run(self) -> None:
        """Announce and browse; returns only by cancellation, after the goodbye."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._deliver)
            nursery.start_soon(self._watch)
            while True:
                self._changed = trio.Event()
                own = self._own()
                if not own:
                    await self._changed.wait()
                    await trio.sleep(MDNS_SETTLE_S)
                    continue
                try:
                    await self._session(own)
                except Exception as error:
                    self._failures[type(error).__name__] += 1
                    await self._rest()

    def _own(self) -> tuple[Own, ...]:
        try:
            own = own_addresses(self._listen_host)
        except OSError:  # the interface goes away as we look
            return ()
        return tuple(mine for mine in own if not mine.ip.is_loopback)

    def _wake(self) -> None:
        """Called in zeroconf's thread."""
        with suppress(trio.RunFinishedError):
            self._token.run_sync_soon(self._some.set)

    async def _deliver(self) -> None:
        while True:
            await self._some.wait()
            self._some = trio.Event()
            for said in self._caught.take():
                for host in said.hosts:
                    self._hint(host, said.port, said.key, Source.ZEROCONF)
            await trio.sleep(MDNS_DELIVER_S)

    async def _watch(self) -> None:
        changes = Changes()
        try:
            while True:
                await changes.wait()
                self._changed.set()
        finally:
            changes.close()

    async def _session(self, own: tuple[Own, ...]) -> None:
        """One run of zeroconf, until our addresses change or it takes too much of the machine."""
        self._starts += 1
        begun_s = trio.current_time()
        running = await self._open(own)
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._announce, running)
                overloaded = await self._attend(running, own)
                nursery.cancel_scope.cancel()
        finally:
            await self._close(running)
        if trio.current_time() - begun_s > MDNS_REST_S_MAX:
            self._rest_s = MDNS_REST_S_MIN
        if overloaded:
            self._failures[OVERLOADED] += 1
            await self._rest()

    async def _open(self, own: tuple[Own, ...]) -> Running:
        """Start zeroconf; at a stop nobody waits for it, and it is closed when it is ready."""
        left = threading.Event()

        def start() -> Running:
            running = self._responder(self._me, own, self._caught.put)
            if left.is_set():
                running.close()
            return running

        try:
            return await trio.to_thread.run_sync(
                start, abandon_on_cancel=True, limiter=self._threads
            )
        except trio.Cancelled:
            left.set()
            raise

    async def _close(self, running: Running) -> None:
        with trio.move_on_after(MDNS_CLOSE_S, shield=True):
            try:
                await self._in_thread(running.close)
            except Exception as error:  # its goodbye found no network, say
                self._failures[type(error).__name__] += 1

    async def _announce(self, running: Running) -> None:
        try:
            await self._in_thread(running.announce)
        except Exception as error:  # then we are found by the beacon, and still browse
            self._failures[type(error).__name__] += 1

    async def _attend(self, running: Running, own: tuple[Own, ...]) -> bool:
        """Ask every 15 s; return True when it took too much CPU, False when addresses changed."""
        looked_s = asked_s = trio.current_time()
        used_s = running.cpu_s()
        while True:
            with trio.move_on_after(MDNS_LOOK_S):
                await self._changed.wait()
                await trio.sleep(MDNS_SETTLE_S)
                if self._own() != own:
                    return False
                self._changed = trio.Event()
            now_s, cpu_s = trio.current_time(), running.cpu_s()
            if cpu_s - used_s > MDNS_CPU_SHARE * max(now_s - looked_s, MDNS_LOOK_S):
                return True
            looked_s, used_s = now_s, cpu_s
            if now_s - asked_s >= MDNS_BROWSE_S:
                asked_s = now_s
                running.ask()

    async def _rest(self) -> None:
        """Leave zeroconf off for a while, twice as long each time."""
        await trio.sleep(self._rest_s)
        self._rest_s = min(2 * self._rest_s, MDNS_REST_S_MAX)

    async def _in_thread(self, work: Callable[[], None]) -> None:
        await trio.to_thread.run_sync(work, abandon_on_cancel=True, limiter=self._threads)
