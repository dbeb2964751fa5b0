"""From a scenario's attackers to machines in a city: who is taken over, and with what.

Shares are nested: of one seed, the 10 % are among the 30 %, so runs can be compared.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from holub_crypto.identity import Identity
from holub_sim.attacks.actor import Actor, Machine, Means
from holub_sim.attacks.stranger import Stranger
from holub_sim.attacks.table import ATTACKS, Attack, Key
from holub_sim.faults import Action, Fault
from holub_sim.host import Host
from holub_sim.ledger import Ledger
from holub_sim.network import Quality, Wire
from holub_sim.realm import Realm
from holub_sim.scenario import AttackerPlan, ScenarioError
from holub_sim.world import World

_PPM = 1_000_000
_LAN = Quality(latency_us=1_000, jitter_us=0, bits_per_s=100_000_000, loss_ppm=0)


@dataclass(frozen=True, slots=True)
class Ground:
    """Where attackers are placed: the city as far as they need it. `desks` gives for each desk
    its host's name, its key and its areas."""

    world: World
    realm: Realm
    ledger: Ledger
    hosts: Sequence[Host]
    desks: dict[str, tuple[str, Identity, tuple[int, ...]]]


def attack_named(name: str, key: str) -> Attack:
    """Return an attack; raises ScenarioError that lists them."""
    attack = ATTACKS.get(name)
    if attack is None:
        raise ScenarioError(f"{key}.kind: {name!r} is no attack; they are {', '.join(ATTACKS)}")
    return attack


def choose(ground: Ground, plan: AttackerPlan, key: str) -> tuple[Host, ...]:
    """Return a share of the relays, desks' own left out: by chance, those with most links first,
    or district after district in an order that chance draws."""
    keep = {name for name, _, _ in ground.desks.values()}
    rest = [host for host in ground.hosts if host.name not in keep]
    count = round(plan.share * len(ground.hosts))
    if count > len(rest):
        raise ScenarioError(
            f"{key}.share: {plan.share:g} of {len(ground.hosts)} relays are {count}, and only "
            f"{len(rest)} have no desk"
        )
    stream = ground.world.stream("attackers")
    lots = {host.name: stream.randrange(1 << 62) for host in ground.hosts}
    if plan.pick == "degree":
        rest.sort(key=lambda host: (-len(host.wires), lots[host.name]))
    elif plan.pick == "district":
        first = {host.district: lots[host.name] for host in reversed(ground.hosts)}
        rest.sort(key=lambda host: (first[host.district], lots[host.name]))
    else:
        rest.sort(key=lambda host: lots[host.name])
    chosen = {host.name for host in rest[:count]}
    return tuple(host for host in ground.hosts if host.name in chosen)


def place(
    ground: Ground, plan: AttackerPlan, where: tuple[Host, ...], key: str, end_us: int
) -> Fault:
    """Put an attack into the relays `where`, or next to them; returns it as a fault that begins
    and ends, at the scenario's `end_us` unless told earlier. Raises ScenarioError."""
    attack = attack_named(plan.kind, key)
    until_us = end_us if plan.until is None else plan.until.us
    if until_us <= plan.from_.us:
        raise ScenarioError(f"{key}.until: it ends before it begins")
    desk, areas = _stolen(ground, plan, attack, key)
    force = _Force(ground.world)
    for host in where:
        means = Means(
            world=ground.world,
            realm=ground.realm,
            ledger=ground.ledger,
            name=f"{key}/{host.name}",
            identity=host.identity,
            stream=ground.world.stream(f"{key}/{host.name}"),
            host=host,
            fellows=where,
            desk=desk,
            areas=areas,
            bytes_per_s=plan.rate.bits_per_s // 8,
            identities=plan.identities,
            drop_ppm=round(plan.drop * _PPM),
        )
        if attack.key is Key.OUTSIDER:
            force.surround(host, attack, means)
        else:
            force.take_over(host, attack, means)
    action = Action(force.begin, force.end)
    return Fault(f"{key} {plan.kind}", plan.from_.us, until_us, action)


class _Force:
    """All machines of one attack."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._actors: list[tuple[Machine, Actor]] = []
        self._ends: list[tuple[Stranger, Wire]] = []
        self._taken: list[Host] = []

    def take_over(self, host: Host, attack: Attack, means: Means) -> None:
        """Sit on a relay's links; others may sit there already."""
        self._taken.append(host)
        machine = host.tap if isinstance(host.tap, Machine) else Machine(self._world)
        host.tap = machine
        self._enlist(machine, attack.actor(means))

    def surround(self, host: Host, attack: Attack, means: Means) -> None:
        """Put machines next to a relay that stays what it is."""
        for number in range(means.identities if attack.crowd else 1):
            name = f"{means.name}~{number}"
            identity = means.realm.identity(name)
            machine = Machine(self._world)
            own = replace(means, name=name, identity=identity, host=None,
                          stream=self._world.stream(name))  # fmt: skip
            end = Stranger(self._world, name, identity, machine)
            wire = Wire(self._world, end, host, _LAN)
            host.wires.append((wire, 1))
            self._enlist(machine, attack.actor(own))
            self._ends.append((end, wire))

    def begin(self) -> None:
        """The attack begins."""
        for end, wire in self._ends:
            end.running = True
            wire.end_came_back()
        for machine, actor in self._actors:
            machine.begin(actor)

    def end(self) -> None:
        """The attack is over: fake relays go, and those taken over are started anew."""
        for _, actor in self._actors:
            actor.end()
        for host in self._taken:
            host.crash(silently=False)
            host.boot()
        for end, wire in self._ends:
            end.running = False
            wire.end_died(0, silently=False)

    def _enlist(self, machine: Machine, actor: Actor) -> None:
        machine.actors.append(actor)
        self._actors.append((machine, actor))


def _stolen(
    ground: Ground, plan: AttackerPlan, attack: Attack, key: str
) -> tuple[Identity | None, tuple[int, ...]]:
    """The desk's key that was stolen, and what it may speak of."""
    if attack.key is not Key.DESK:
        return None, ()
    if plan.desk not in ground.desks:
        names = ", ".join(ground.desks) or "none"
        raise ScenarioError(f"{key}.desk: {plan.desk!r} is no desk; they are {names}")
    _, identity, areas = ground.desks[plan.desk]
    return identity, areas
