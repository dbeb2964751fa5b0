"""Counts in the text format of Prometheus, and the answer to "are you well?"."""

from collections.abc import Iterator

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from holub_protocol.stats import LinkStats, NodeStats
from holub_relay.alarms import TWIN
from holub_relay.page.state import PageState, StoreStats

CONTENT_TYPE = CONTENT_TYPE_LATEST

_PEER_HEX = 16
_LINK_COUNTERS = (
    ("received_bytes", "Bytes received on the link", "bytes_in"),
    ("sent_bytes", "Bytes sent on the link", "bytes_out"),
    ("received_frames", "Frames received on the link", "frames_in"),
    ("sent_frames", "Frames sent on the link", "frames_out"),
    ("received_messages", "Messages taken from the link", "messages_in"),
    ("sent_messages", "Messages sent on the link", "messages_out"),
    ("duplicate_messages", "Messages received that were known already", "duplicates"),
    ("unknown_frames", "Frames of types that this version does not know", "unknown_frames"),
)
_CLASS_GAUGES = (
    ("waiting_messages", "Messages that wait to be sent", "waiting"),
    ("own_messages", "Ids that we compare with the peer", "ours"),
    ("peer_messages", "Ids that the peer's last root counts", "theirs"),
)


class Metrics(Collector):
    """Reads a fresh snapshot at each scrape; the registry is its own, so that two relays in one
    process do not mix."""

    def __init__(self, state: PageState) -> None:
        """Serve the counts of one relay."""
        self._state = state
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)

    def text(self) -> bytes:
        """Return all counts in the text format."""
        return generate_latest(self._registry)

    def describe(self) -> Iterator[Metric]:
        """Name nothing in advance: registering then takes no snapshot of a node not yet there."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Yield every count."""
        stats, store, now = self._state.stats(), self._state.store(), self._state.now()
        yield from _of_store(stats, store)
        yield from _of_node(stats)
        yield from _of_links(stats.links)
        yield _gauge("clock_reliable", "Whether anything vouches for the clock", now.reliable)
        twin = TWIN in self._state.alarms()
        yield _gauge("duplicate_key", "Whether a relay's key was met on two machines", twin)
        yield _gauge("alerts", "Alerts that are on, anywhere", len(self._state.alerts()))


def health(state: PageState) -> tuple[bool, dict[str, object]]:
    """Return whether the relay can do its work, and facts that tell nothing of its past."""
    well = state.store().writable
    return well, {
        "status": "ok" if well else "store failed",
        "store_writable": well,
        "links": state.peers(),
        "clock_reliable": state.now().reliable,
        "clock_source": state.clock.source.value,
    }


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"holub_{name}", text, value=value)


def _of_store(stats: NodeStats, store: StoreStats) -> Iterator[Metric]:
    messages = GaugeMetricFamily("holub_held_messages", "Messages held", labels=["class"])
    sizes = GaugeMetricFamily("holub_held_bytes", "Bytes of messages held", labels=["class"])
    for cls, count, size in stats.holdings.held:
        messages.add_metric([cls.name.lower()], count)
        sizes.add_metric([cls.name.lower()], size)
    yield messages
    yield sizes
    yield _gauge("seen_messages", "Ids remembered until they expire", stats.holdings.seen)
    yield _gauge("store_writable", "Whether the store takes writes", store.writable)
    yield _gauge("store_used_bytes", "Bytes the store uses", store.used_bytes)
    yield _gauge("store_quota_bytes", "Bytes the store may use", store.quota_bytes)


def _of_node(stats: NodeStats) -> Iterator[Metric]:
    refusals = CounterMetricFamily("holub_refusals", "Messages refused", labels=["reason"])
    for reason, count in stats.refusals:
        refusals.add_metric([reason.token], count)
    yield refusals
    yield CounterMetricFamily(
        "holub_verifications", "Signatures verified", value=stats.verifications
    )
    yield _gauge("parked_messages", "Messages that wait for a grant", stats.parked)
    yield _gauge("penned_messages", "Messages held back as from the future", stats.penned)
    yield _gauge("charter_version", "Version of the charter in force", stats.charter)
    yield _gauge("charter_forked", "Whether two charters succeed the same one", stats.forked)


def _of_links(links: tuple[LinkStats, ...]) -> Iterator[Metric]:
    yield _gauge("links", "Links whose peer has said hello", sum(link.live for link in links))
    for name, text, attribute in _LINK_COUNTERS:
        counter = CounterMetricFamily(f"holub_link_{name}", text, labels=["peer", "link"])
        for link in links:
            counter.add_metric(_labels(link), getattr(link, attribute))
        yield counter
    trips = GaugeMetricFamily(
        "holub_link_round_trip_seconds", "Until a frame was consumed", labels=["peer", "link"]
    )
    refusals = CounterMetricFamily(
        "holub_link_refusals", "Messages refused", labels=["peer", "link", "reason"]
    )
    for link in links:
        if link.round_trip_us is not None:
            trips.add_metric(_labels(link), link.round_trip_us / 1e6)
        for reason, count in link.refusals:
            refusals.add_metric([*_labels(link), reason.token], count)
    yield trips
    yield refusals
    for name, text, attribute in _CLASS_GAUGES:
        gauge = GaugeMetricFamily(f"holub_link_{name}", text, labels=["peer", "link", "class"])
        for link in links:
            for entry in link.classes:
                value = getattr(entry, attribute)
                if value is not None:
                    gauge.add_metric([*_labels(link), entry.cls.name.lower()], value)
        yield gauge


def _labels(link: LinkStats) -> list[str]:
    return [link.peer.hex()[:_PEER_HEX], str(link.link)]
