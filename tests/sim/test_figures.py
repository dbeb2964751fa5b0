"""What a report shows, reckoned from a run."""

from support_report import played, shown


def test_curves_rise_and_nothing_beats_the_oracle() -> None:
    """Of every kind the copies that came never exceed those that were possible by then."""
    for curve in shown().curves:
        assert list(curve.came) == sorted(curve.came)
        assert all(
            came <= possible for came, possible in zip(curve.came, curve.possible, strict=True)
        )
        assert curve.at_s[0] == 0
        assert curve.at_s[-1] == shown().duration_s
    names = [curve.name for curve in shown().curves]
    assert [name for name in names if name != "trust"] == ["alert", "board", "grant", "people"]


def test_only_honest_relays_count() -> None:
    """Three of four are; what the fourth published and took in is left out."""
    (alert,) = [curve for curve in shown().curves if curve.name == "alert"]
    assert shown().hostile == ("d2/r2",)
    assert (alert.messages, alert.due, alert.came[-1]) == (3, 6, 1.0)
    assert {each.host for each in shown().served} == {"d1/r1", "d1/r2", "d2/r1"}
    assert not shown().beside


def test_latency_falls_apart_by_district() -> None:
    """Alerts reach the desk's own LAN in milliseconds, the cut one in minutes."""
    near, far = shown().by_district
    assert (near.name, far.name) == ("d1", "d2")
    assert near.p50_ms < far.p50_ms
    assert far.p99_ms > 60_000
    assert near.p50_ms <= near.p95_ms <= near.p99_ms


def test_the_slowest_alert_is_mapped_until_all_have_it() -> None:
    """Moments follow each other, districts keep their places, and the last one is complete."""
    spreading = shown().spreading
    assert spreading is not None
    assert spreading.source == "d1/r1"
    times = [moment.after_s for moment in spreading.moments]
    assert times == sorted(times)
    assert [name for name, _, _ in spreading.moments[0].districts] == ["d1", "d2"]
    assert spreading.moments[0].districts[1][1] == 0
    assert all(had == of for _, had, of in spreading.moments[-1].districts)


def test_the_attack_is_accounted_for() -> None:
    """What it signed and who took it in is counted; the alerts held."""
    damage = shown().damage
    assert damage is not None
    assert damage.held == 1.0
    assert shown().forged == len(played().city.ledger.forged) > 10
    assert shown().forged_copies > shown().forged
    assert shown().misled == 0
    assert shown().alert_copies >= 6
    assert shown().alert_bytes > 100 * shown().alert_copies
