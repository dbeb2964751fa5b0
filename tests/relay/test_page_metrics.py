"""Metrics as Prometheus reads them, and health."""

from prometheus_client.parser import text_string_to_metric_families

from holub_relay.page.metrics import CONTENT_TYPE, Metrics, health
from support_page import FakeState


def samples(state: FakeState) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Return every sample by name and labels, as the reference parser reads it."""
    text = Metrics(state).text().decode()
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_counts_arrive() -> None:
    """Every count of the node, its store and its links is there under its own name."""
    found = samples(FakeState())
    link = (("link", "3"), ("peer", "0001020304050607"))
    expected = {
        ("holub_held_messages", (("class", "alert"),)): 21,
        ("holub_held_bytes", (("class", "alert"),)): 2200,
        ("holub_seen_messages", ()): 23,
        ("holub_store_used_bytes", ()): 29_000,
        ("holub_store_quota_bytes", ()): 30_000,
        ("holub_store_writable", ()): 1,
        ("holub_refusals_total", (("reason", "bad-signature"),)): 24,
        ("holub_refusals_total", (("reason", "future"),)): 25,
        ("holub_parked_messages", ()): 26,
        ("holub_penned_messages", ()): 27,
        ("holub_verifications_total", ()): 28,
        ("holub_links", ()): 1,
        ("holub_link_received_bytes_total", link): 1300,
        ("holub_link_sent_bytes_total", link): 1400,
        ("holub_link_duplicate_messages_total", link): 17,
        ("holub_link_round_trip_seconds", link): 0.25,
        ("holub_link_refusals_total", (*link, ("reason", "quota"))): 2,
        ("holub_link_waiting_messages", (("class", "alert"), *link)): 19,
        ("holub_link_own_messages", (("class", "alert"), *link)): 30,
        ("holub_link_peer_messages", (("class", "alert"), *link)): 11,
        ("holub_link_peer_messages", (("class", "bulk"), *link)): None,
    }
    assert {name: found.get(name) for name in expected} == expected
    assert all(name.startswith("holub_") for name, _ in found)


def test_each_scrape_is_fresh() -> None:
    """Two scrapes of one registry show two moments, and two relays do not mix."""
    state, other = FakeState(), FakeState()
    metrics = Metrics(state)
    assert b"holub_alerts 0.0" in metrics.text()
    state.start()
    assert b"holub_alerts 1.0" in metrics.text()
    assert b"holub_alerts 0.0" in Metrics(other).text()


def test_a_key_on_two_machines_is_a_metric() -> None:
    """Nought or one, for whoever watches many relays."""
    state = FakeState()
    assert samples(state)["holub_duplicate_key", ()] == 0
    state.alarming = ("duplicate-key",)
    assert samples(state)["holub_duplicate_key", ()] == 1


def test_content_type_names_the_text_format() -> None:
    """Scrapers choose their parser by it."""
    assert CONTENT_TYPE.startswith("text/plain; version=")


def test_health() -> None:
    """A relay whose store fails is not well, whatever else works."""
    state = FakeState()
    assert health(state)[0] is True
    state.writable = False
    well, facts = health(state)
    assert (well, facts["status"], facts["links"]) == (False, "store failed", 1)
