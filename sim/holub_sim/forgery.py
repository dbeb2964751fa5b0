"""What somebody without a key can hand to a relay on a stick: forged words, and old ones."""

from collections.abc import Iterable, Sequence

from holub_crypto.identity import SIGNATURE_BYTES, key_hint
from holub_protocol.codec import encode
from holub_protocol.kinds import Body, kind_named
from holub_protocol.kinds.alert import INCIDENT_BYTES, AlertBody, Verb
from holub_protocol.kinds.board import BoardBody
from holub_sim.host import Host
from holub_sim.ledger import Ledger, Published
from holub_sim.people import ALERT_LIFETIME_S, Desk
from holub_sim.realm import Realm
from holub_sim.world import World

NEXT_DUE_S = 330
"""What a forged board promises: the same as a desk's."""


class Forger:
    """Somebody at one relay who has heard everything (`ledger`) and may sign nothing."""

    def __init__(
        self, world: World, host: Host, ledger: Ledger, realm: Realm, desks: Sequence[Desk]
    ) -> None:
        """`desks` are those in whose name it speaks."""
        self._world, self._host, self._ledger, self._realm = world, host, ledger, realm
        self._desks = desks
        self._identity = realm.identity("forger")

    def forge(self, what: str) -> None:
        """Hand over one of the forgeries that `scenario.Forgery` lists."""
        for raw in self._forged(what):
            self._host.offer(raw)

    def _forged(self, what: str) -> Iterable[bytes]:
        said = [each for each in self._ledger.existing() if each.row.kind and each.durable]
        if what == "old":
            return [each.raw for each in said]
        if what == "altered":
            return [_altered(each.raw) for each in said[-1:]]
        if what == "board":
            return [
                self._in_the_name(desk, "board", 0, BoardBody(NEXT_DUE_S)) for desk in self._desks
            ]
        return [
            self._in_the_name(desk, "alert", each.row.area, _clear(each))
            for desk in self._desks
            for each in said
            if each.row.kind == kind_named("alert").number and each.row.signer == desk.public
        ]

    def _in_the_name(self, desk: Desk, kind: str, area: int, body: Body) -> bytes:
        """Sign with a key of its own, and put the desk's hint in the place of that key's."""
        raw = encode(
            self._identity,
            self._realm.id,
            kind_named(kind),
            created_s=self._world.start_s + self._world.now_us // 1_000_000,
            k=0,
            lifetime_s=ALERT_LIFETIME_S,
            area=area,
            body=body,
        )
        return raw.replace(key_hint(self._identity.public), key_hint(desk.public), 1)


def _altered(raw: bytes) -> bytes:
    """Turn the lowest bit of what is signed last, right before the signature."""
    at = len(raw) - SIGNATURE_BYTES - 3
    return raw[:at] + bytes((raw[at] ^ 1,)) + raw[at + 1 :]


def _clear(start: Published) -> AlertBody:
    return AlertBody(Verb.CLEAR, (), 1, (start.row.id[:INCIDENT_BYTES],))
