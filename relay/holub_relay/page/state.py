"""What the page may ask of the daemon: facts to show, and a tick whenever they change."""

from dataclasses import dataclass
from typing import Protocol

import trio

from holub_protocol.areas import AreaTree
from holub_protocol.message import Now
from holub_protocol.stats import NodeStats
from holub_protocol.trustlist import TrustView
from holub_protocol.truth import AlertView, AreaStatus
from holub_relay.clock import ClockState


@dataclass(frozen=True, slots=True)
class StoreStats:
    """The store: whether it still takes writes, the bytes it uses and may use."""

    writable: bool
    used_bytes: int
    quota_bytes: int


class PageState(Protocol):
    """The daemon, as the page sees it. Every method is cheap and returns an immutable value.

    `area` is the region of this node, `demo` whether its realm is a demo, `clock` what is said
    of this machine's clock.
    """

    @property
    def area(self) -> int:
        """The region this node stands in."""

    @property
    def areas(self) -> AreaTree:
        """The registry of regions that the charter names."""

    @property
    def realm_name(self) -> str:
        """The realm's name, as its charter has it."""

    @property
    def demo(self) -> bool:
        """Whether the realm is for trying out, so that nothing shown here is real."""

    @property
    def clock(self) -> ClockState:
        """By what the clock is reliable, or what speaks against it."""

    def now(self) -> Now:
        """Return the moment as the node knows it."""

    def status(self, area: int) -> AreaStatus:
        """Return what holds at a region of the registry."""

    def alerts(self) -> tuple[AlertView, ...]:
        """Return everything that is on, anywhere, the gravest first."""

    def tests(self) -> tuple[AlertView, ...]:
        """Return the tests within their lifetime."""

    def authority_name(self, number: int, lang: str) -> str:
        """Return the name that the charter gives an authority, in "uk" or "en"; for a number
        that it does not name, a text that says so."""

    def stats(self) -> NodeStats:
        """Return the node's counts."""

    def trust(self) -> TrustView:
        """Return what is known of the realm's trust, and whether something is withheld."""

    def store(self) -> StoreStats:
        """Return the store's size and health."""

    def alarms(self) -> tuple[str, ...]:
        """Return the tokens of what the operator must look into (see holub_relay.alarms)."""

    def peers(self) -> int:
        """Return how many neighbours are linked now."""

    def subscribe(self) -> trio.abc.ReceiveChannel[None]:
        """Return a channel that yields a tick after each change of what is shown, also by time
        alone (Truth.next_change); closing it ends the subscription. See Ticks."""


class Ticks:
    """Tells any number of listeners that something has changed. A listener that is busy gets
    one tick for all it missed, so a slow one costs nothing."""

    def __init__(self) -> None:
        """Start without listeners."""
        self._listeners: dict[trio.MemorySendChannel[None], None] = {}

    def __len__(self) -> int:
        """How many listened at the last tick, or have come since."""
        return len(self._listeners)

    def subscribe(self) -> trio.MemoryReceiveChannel[None]:
        """Return a channel of ticks from now on; close it to stop listening."""
        send, receive = trio.open_memory_channel[None](1)
        self._listeners[send] = None
        return receive

    def tick(self) -> None:
        """Wake every listener."""
        for send in list(self._listeners):
            try:
                send.send_nowait(None)
            except trio.WouldBlock:
                pass  # the tick before is still unread and stands for this one too
            except trio.BrokenResourceError:
                del self._listeners[send]
