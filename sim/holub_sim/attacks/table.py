"""The attacks there are: what each needs, who suffered it before, and what is there against it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

from holub_sim.attacks.actor import Actor
from holub_sim.attacks.bombs import Bombs
from holub_sim.attacks.clocks import Clocks
from holub_sim.attacks.eclipse import Squatter
from holub_sim.attacks.flooding import Flood, Junk, Sybil
from holub_sim.attacks.forging import Canceller, Inflater, Tamperer
from holub_sim.attacks.lying import Equivocator, Thief
from holub_sim.attacks.replaying import Replay
from holub_sim.attacks.swallowing import Blackhole, Censor, Deaf, Grayhole
from holub_sim.attacks.wiping import Wiper
from holub_sim.attacks.wormhole import Wormhole


class Key(Enum):
    """What the attacker holds: nothing that the realm knows, so that fake relays stand next to
    the relays chosen; the keys of the relays chosen; or a desk's key, on such relays."""

    OUTSIDER = "none"
    RELAY = "relay"
    DESK = "desk"


@dataclass(frozen=True, slots=True)
class Attack:
    """One row. `precedent` names where it happened, `defence` what in the node answers it. Of an
    outsider's, a `crowd` is as many fake relays as it has identities."""

    name: str
    key: Key
    actor: type[Actor]
    precedent: str
    defence: str
    crowd: bool = False


_ROWS: tuple[Attack, ...] = (
    Attack("blackhole", Key.RELAY, Blackhole, "Burgess 2007",
           "alerts go to every neighbour; sets are compared on each link"),
    Attack("grayhole", Key.RELAY, Grayhole, "The ONE's selfish relays",
           "the same; what a link lost its next root shows"),
    Attack("censor", Key.RELAY, Censor, "lying relays, attack 23",
           "what one neighbour claims binds that link only"),
    Attack("deaf", Key.RELAY, Deaf, "strfry's stuck reader, attack 25",
           "a window of bytes per link, bodies read when their turn comes"),
    Attack("flood", Key.RELAY, Flood, "Li et al. 2008",
           "classes; hourly caps by k; alerts first in links and stores"),
    Attack("junk", Key.RELAY, Junk, "attack 15",
           "cheap checks before dear ones; the link closes after 3 bad signatures"),
    Attack("sybil", Key.OUTSIDER, Sybil, "MeshCore#3324",
           "keys are enrolled; what is not is parked in a bounded place of its own link"),
    Attack("replay", Key.RELAY, Replay, "MeshCore#3265",
           "ids are seen until they expire; one look-up each"),
    Attack("cancel", Key.RELAY, Canceller, "Burgess 2007: the most effective attack",
           "only the authority that started an alert ends it; nothing is deleted unsigned"),
    Attack("tamper", Key.RELAY, Tamperer, "Bridgefy 2020",
           "the signature covers every byte; the id is its hash"),
    Attack("inflate", Key.RELAY, Inflater, "bitchat's urgent bit",
           "the class follows from kind and grant"),
    Attack("bombs", Key.OUTSIDER, Bombs, "Bridgefy 2020, Briar 2023",
           "strict parsing within bounds; only the link closes"),
    Attack("eclipse", Key.OUTSIDER, Squatter, "Heilman et al. 2015",
           "24 of 32 places are for granted relays", crowd=True),
    Attack("wormhole", Key.RELAY, Wormhole, "Hu, Perrig, Johnson 2003",
           "no message says where it was; every link is as good as another"),
    Attack("clocks", Key.RELAY, Clocks, "meshcore-firmware#607",
           "time is never taken from peers; a false age is capped by one's own clock"),
    Attack("wipe", Key.RELAY, Wiper, "KA-SAT 2022, Kyivstar 2023",
           "neighbours hold the same sets"),
    Attack("equivocate", Key.RELAY, Equivocator, "Secure Scuttlebutt's forked feeds",
           "both are kept, by content id; no order is needed to pass on"),
    Attack("stolen-key", Key.DESK, Thief, "Kyivstar 2023: an employee's account",
           "scope, hourly cap, half of the store; revocation"),
)  # fmt: skip

ATTACKS: Mapping[str, Attack] = MappingProxyType({row.name: row for row in _ROWS})
"""Every attack by its name."""
