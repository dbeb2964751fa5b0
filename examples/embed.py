"""Two nodes in one process pass on an alert: no sockets, no clock, no trio. See docs/embed.md."""

from functools import partial
from secrets import token_bytes

from holub_crypto.charter import EVERYWHERE, Authority
from holub_crypto.identity import Identity, verify
from holub_crypto.trust import Trust
from holub_protocol.areas import ukraine
from holub_protocol.kinds import kind_named
from holub_protocol.kinds.alert import AlertBody, Verb
from holub_protocol.kinds.grant import GrantBody
from holub_protocol.message import Now
from holub_protocol.node import Node
from holub_protocol.realm import desk_grant, found
from holub_protocol.storage import MemoryStore

KYIV, AIR_RAID, ALERT, START_S, DAY_S = 93317, 1, kind_named("alert"), 1_800_000_000, 86_400
root, registrar, desk, one, other = (Identity.generate(token_bytes) for _ in range(5))
areas, stores, now = ukraine(), (MemoryStore(), MemoryStore()), Now(0, START_S, reliable=True)
city = Authority(1, 0, "Місто Київ", "City of Kyiv", (KYIV,), (AIR_RAID,))
charter = found("Demo", root, (registrar.public,), (city,), areas, START_S)
make = partial(Node, areas=areas, entropy=token_bytes, verify=verify, now=now)
a = make(identity=one, trust=Trust(charter, areas.covers), bodies=stores[0])
b = make(identity=other, trust=Trust(charter, areas.covers), bodies=stores[1])
for key in (registrar, desk):
    a.add_author(key)
grant = GrantBody(desk_grant(desk.public, 1, START_S + DAY_S, areas=(KYIV,)))
a.publish(registrar.public, kind_named("grant"), EVERYWHERE, grant, DAY_S, now)
alert = a.publish(desk.public, ALERT, KYIV, AlertBody(Verb.START, (), AIR_RAID), DAY_S, now)
a.link_up(1, b.identity.public, now)
b.link_up(1, a.identity.public, now)
while stores[1].get(alert.id) is None:
    for node, store, peer in ((a, stores[0], b), (b, stores[1], a)):
        node.wake(now)
        batch = node.take(now)
        store.commit(batch.writes)
        peer.receive(1, b"".join(data for _, data in (*batch.urgent, *batch.sends)), now)
print(f"{len(alert.raw)} bytes crossed; Kyiv is now: {b.truth.status(KYIV, now).level.value}")
