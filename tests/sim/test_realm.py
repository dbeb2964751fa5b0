"""The realm of a simulated city."""

from holub_crypto.chains import Denial
from holub_crypto.trust import Ask, Granted, Role
from holub_protocol.areas import ukraine
from holub_protocol.codec import decode
from holub_protocol.kinds import Class, kind_named
from holub_protocol.kinds.grant import GrantBody
from holub_protocol.message import Message
from holub_protocol.realm import GRANT_RATE
from holub_sim.realm import Office, Realm
from holub_sim.world import World

START_S = 1_772_366_400
KYIV = 93317
LVIV_OBLAST = 91971


def realm(seed: int = 1) -> Realm:
    """One authority, over Kyiv."""
    return Realm(World(seed, START_S), ukraine(), "city", [Office("city", (KYIV,))])


def test_the_seed_makes_the_realm() -> None:
    """Equal seeds give equal realms and keys, other seeds others."""
    assert realm().id == realm().id != realm(2).id
    assert realm().identity("d1/r1").public == realm().identity("d1/r1").public
    assert realm().identity("d1/r1").public != realm().identity("d1/r2").public


def test_grants_allow_what_they_say_and_no_more() -> None:
    """A desk may raise alerts in its areas, a relay may not; both are signed by the registrar."""
    city = realm()
    desk, relay = city.identity("desk/city").public, city.identity("d1/r1").public
    trust = city.trust()
    for raw in (city.grant_desk(desk, 1, (KYIV,)), city.grant_relay(relay)):
        message = decode(raw, city.id)
        assert isinstance(message, Message)
        assert isinstance(message.body, GrantBody)
        trust.add_grant(
            message.id, message.body.grant, city.identity("registrar").public, message.created_s
        )

    def may(key: bytes, area: int) -> Granted | Denial:
        alert = kind_named("alert")
        ask = Ask(key, Role.AUTHORITY, alert.number, Class.ALERT, 1, 0, (area,), START_S)
        return trust.may(ask)

    granted = may(desk, KYIV)
    assert isinstance(granted, Granted)
    assert (granted.authority, granted.rate) == (1, GRANT_RATE)
    assert may(desk, LVIV_OBLAST) is Denial.AREA
    assert isinstance(may(relay, KYIV), Denial)


def test_a_large_city_stays_within_a_registrars_rate() -> None:
    """The 201st grant is of another hour, so that every relay accepts it."""
    city = realm()
    points = []
    for _ in range(201):
        message = decode(city.grant_relay(bytes(32)), city.id)
        assert isinstance(message, Message)
        points.append((message.created_s // 3600, message.k))
    assert len(set(points)) == 201
    assert max(k for _, k in points) == 199
