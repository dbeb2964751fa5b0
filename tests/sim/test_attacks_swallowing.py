"""Those who swallow: what they let pass."""

from holub_protocol.frames import Hello, IHave, Put, Root
from holub_protocol.kinds import Class
from holub_sim.attacks.swallowing import Blackhole, Censor, Deaf, Grayhole
from holub_sim.host import Host
from support_attacks import Spoken, means, put_of
from support_sim import city

ROOT = Root(True, ((Class.ALERT, 3, b"mine" * 2), (Class.BULK, 1, b"bulk" * 2)))
THEIRS = Root(True, ((Class.ALERT, 9, b"your" * 2), (Class.BULK, 5, b"more" * 2)))


def test_a_blackhole_lets_no_message_and_no_offer_out() -> None:
    """What keeps the link and its belief alive passes."""
    actor, line = Blackhole(means()), Spoken()
    assert actor.says(line, put_of(actor.means)) == ()
    assert actor.says(line, IHave(Class.BULK, (b"s" * 8,))) == ()
    assert actor.says(line, ROOT) == (ROOT,)


def test_a_grayhole_drops_its_share() -> None:
    """Of a thousand pieces about half go, and only pieces of messages."""
    actor, line = Grayhole(means()), Spoken()
    put = put_of(actor.means)
    passed = sum(len(actor.says(line, put)) for _ in range(1000))
    assert 450 < passed < 550
    assert actor.says(line, ROOT) == (ROOT,)


def test_a_censor_tells_each_neighbour_what_that_one_holds() -> None:
    """Its root of alerts is the neighbour's own; of other classes it is true."""
    actor, line = Censor(means()), Spoken()
    assert actor.hears(line, THEIRS) == (THEIRS,)
    assert actor.says(line, ROOT) == (Root(True, (THEIRS.entries[0], ROOT.entries[1])),)
    assert actor.says(line, IHave(Class.ALERT, (b"s" * 8,))) == ()
    assert actor.says(Spoken(2), ROOT) == (ROOT,)


def test_a_censor_drops_alerts_and_passes_the_rest_on() -> None:
    """It knows its own node's alerts by what they are called on the link."""
    town = city()
    town.world.run(70_000_000)
    host: Host = town.hosts[0]
    (alert, *_) = host.node.holdings.held_ids(Class.ALERT)
    (grant, *_) = host.node.holdings.held_ids(Class.GRANT)
    actor, line = Censor(means(host=host)), Spoken()
    assert actor.says(line, Put(line.short(alert), 0, 1, 0, b"x")) == ()
    other = Put(line.short(grant), 0, 1, 0, b"x")
    assert actor.says(line, other) == (other,)


def test_the_deaf_hear_only_the_greeting() -> None:
    """Nothing else reaches its node, so nothing is credited or answered."""
    actor, line = Deaf(means()), Spoken()
    hello = Hello(1, b"n" * 16, 4096, 65_536, 1)
    assert actor.hears(line, hello) == (hello,)
    assert actor.hears(line, ROOT) == ()
