"""From a scenario to a city in which nothing has happened yet.

Names are checked here, against the city: an error says which key holds one that means nothing.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

from holub_crypto.sealing import BOX_BYTES_MAX
from holub_crypto.trust import Role
from holub_protocol.areas import AreaTree, ukraine
from holub_protocol.hazards import hazard_named
from holub_protocol.kinds import KINDS, Kind, Readers, kind_named
from holub_protocol.kinds.alert import Verb
from holub_protocol.limits import LIFETIME_STEPS_S
from holub_protocol.policy import Policy
from holub_sim.attacks.placing import Ground, choose, place
from holub_sim.checks import Care, Watch
from holub_sim.clock import Clock
from holub_sim.disk import DiskPlan
from holub_sim.faults import Band, Fault
from holub_sim.files import find_file
from holub_sim.forgery import Forger
from holub_sim.host import Host, Signer, Site
from holub_sim.layout import Layout
from holub_sim.ledger import Ledger
from holub_sim.network import Wire
from holub_sim.outages import Outages
from holub_sim.people import LOOK_AGAIN_US, Desk, Habit, Residents, Say
from holub_sim.realm import Office, Realm
from holub_sim.scenario import DeskPlan, PeoplePlan, Scenario, ScenarioError
from holub_sim.selectors import select
from holub_sim.town import Courier
from holub_sim.trace import Trace
from holub_sim.world import World

_SECOND_US = 1_000_000
_REPLAY_COLUMNS = ["t", "area", "on"]
_BOOT_SPREAD_US = 5_000_000


@dataclass(slots=True)
class City:
    """All that a run consists of."""

    world: World
    areas: AreaTree
    realm: Realm
    offices: tuple[Office, ...]
    ledger: Ledger
    watch: Watch
    hosts: list[Host]
    wires: list[Wire]
    desks: list[Desk]
    residents: list[Residents]
    faults: list[Fault]
    bands: list[Band]
    couriers: list[Courier]


def build(
    scenario: Scenario,
    seed: int,
    trace: Trace | None = None,
    folder: Path | None = None,
    areas: AreaTree | None = None,
    care: Care = Care(),  # noqa: B008 - a frozen value
) -> City:
    """Build the city; `folder` is where files that the scenario names are looked for, before
    those that come with the package; `areas` is the region tree where the caller has it read
    already; `care` says how closely rules are watched. Raises ScenarioError."""
    if not scenario.duration.us:
        raise ScenarioError("duration: in no time nothing happens; expected one such as '2h30m'")
    world = World(seed, scenario.start_s, trace, scenario.zone_s)
    areas = areas or ukraine()
    offices = _offices(scenario, areas)
    realm = Realm(world, areas, scenario.name, offices)
    ledger = Ledger()
    watch = Watch(world, areas, ledger, care)
    layout = Layout(scenario, world, folder)
    hosts = [_host(scenario, world, realm, watch, site) for site in layout.sites]
    watch.hosts = hosts
    wires = layout.join(hosts)
    outages = Outages(world, scenario, hosts, wires, folder)
    city = City(
        world, areas, realm, offices, ledger, watch, hosts, wires, [], [],
        outages.faults, outages.bands, layout.couriers,
    )  # fmt: skip
    for i, plan in enumerate(scenario.desks):
        _add_desk(city, plan, f"desks[{i}]", folder, scenario.duration.us)
    for i, people in enumerate(scenario.people):
        _add_people(city, people, f"people[{i}]", scenario.duration.us)
    if scenario.machine.grants == "all":
        everybodys = list(dict.fromkeys(paper for host in hosts for paper in host.papers))
        for host in hosts:
            host.papers = everybodys
    for i, forgery in enumerate(scenario.forgeries):
        for host in select(city.hosts, forgery.at, f"forgeries[{i}].at"):
            forger = Forger(world, host, ledger, realm, desks=city.desks)
            for at in forgery.times:
                world.at(at.us, forger.forge, forgery.what)
    _add_attackers(city, scenario)
    _add_revocations(city, scenario)
    boots = world.stream("boots")
    for host in hosts:
        world.at(boots.randrange(layout.boot_spread_us), host.boot)
    world.at(_BOOT_SPREAD_US, watch.sweep)
    return city


def _host(scenario: Scenario, world: World, realm: Realm, watch: Watch, site: Site) -> Host:
    machine = scenario.machine
    stream = world.stream(f"clock/{site.name}")
    host = Host(
        world,
        realm,
        site,
        clock=Clock(
            world.start_s,
            stream.between(-machine.clock_off.us, machine.clock_off.us),
            stream.between(-machine.drift_ppm, machine.drift_ppm),
        ),
        disk=DiskPlan(machine.commit.us, machine.commit_jitter.us, machine.store_bytes),
        # Rows of what is seen but no longer held take room too: the node fills half the disk.
        policy=Policy(store_bytes=machine.store_bytes // 2, window_bytes=machine.window_bytes),
        observer=watch,
    )
    return host


def _offices(scenario: Scenario, areas: AreaTree) -> tuple[Office, ...]:
    """One for each name; of several desks in one office, the areas of all."""
    scopes: dict[str, dict[int, None]] = {}
    names = [plan.name for plan in scenario.desks]
    for i, plan in enumerate(scenario.desks):
        if (first := names.index(plan.name)) < i:
            raise ScenarioError(
                f"desks[{i}].name: {plan.name!r} is the name of desks[{first}]; two keys of one "
                "authority have two names and share `authority`"
            )
        for area in plan.areas:
            _check_area(areas, area, f"desks[{i}].areas")
        scopes.setdefault(plan.authority or plan.name, {}).update(dict.fromkeys(plan.areas))
    return tuple(Office(name, tuple(sorted(scope))) for name, scope in scopes.items())


def _check_area(areas: AreaTree, area: int, key: str) -> None:
    if area not in areas:
        raise ScenarioError(f"{key}: {area} is no area; ids are the last 5 digits of KATOTTG codes")


def _add_desk(city: City, plan: DeskPlan, key: str, folder: Path | None, until_us: int) -> None:
    """What falls after the end is left out, so that a long scenario can be cut short."""
    (host, *others) = select(city.hosts, plan.at, f"{key}.at")
    if others:
        raise ScenarioError(f"{key}.at: {plan.at!r} selects several relays; a desk is at one")
    identity = city.realm.identity(f"desk/{plan.name}")
    names = [office.name for office in city.offices]
    number = 1 + names.index(plan.authority or plan.name)
    host.papers.append(city.realm.grant_desk(identity.public, number, plan.areas))
    host.signers.append(Signer(identity, desk=True))
    desk = Desk(city.world, host, identity, city.ledger, number)
    host.boot_calls.append(desk.booted)
    city.watch.desks.setdefault(host.name, []).append(desk)
    city.desks.append(desk)
    alert = kind_named("alert")
    says = [
        Say(
            say.at.us,
            Verb[say.verb.upper()],
            say.alert,
            say.area,
            _hazard(say.hazard, f"{where}.hazard"),
            _lifetime_s(alert, say.lifetime.us, f"{where}.lifetime"),
        )
        for where, say in ((f"{key}.says[{i}]", say) for i, say in enumerate(plan.says))
    ]
    if plan.replay:
        says += _replay(city, plan, key, folder)
    for say in says:
        _check_area(city.areas, say.area, f"{key}.says")
    says = [say for say in says if say.t_us < until_us]
    desk.follow(tuple(sorted(says, key=lambda say: say.t_us)))


def _hazard(token: str, key: str) -> int:
    try:
        return hazard_named(token).number
    except ValueError as error:
        raise ScenarioError(f"{key}: {error}") from None


def _replay(city: City, plan: DeskPlan, key: str, folder: Path | None) -> list[Say]:
    """Read a file of transitions; those before the scenario's start are left out."""
    path = find_file(plan.replay, folder, f"{key}.replay")
    hazard = _hazard(plan.hazard, f"{key}.hazard")
    says = []
    with path.open(encoding="utf-8", newline="") as lines:
        reader = csv.reader(lines)
        if (header := next(reader, [])) != _REPLAY_COLUMNS:
            raise ScenarioError(f"{path}: the columns are {header}, not {_REPLAY_COLUMNS}")
        for number, row in enumerate(reader, 2):
            if len(row) != len(_REPLAY_COLUMNS) or not all(field.isdecimal() for field in row):
                raise ScenarioError(f"{path}: line {number} is {row}, not three numbers")
            t_us = (int(row[0]) - city.world.start_s) * _SECOND_US
            verb = Verb.START if row[2] == "1" else Verb.CLEAR
            if t_us >= 0:
                says.append(Say(t_us, verb, row[1], int(row[1]), hazard))
    return says


def _add_people(city: City, plan: PeoplePlan, key: str, until_us: int) -> None:
    kind = _kind(plan.kind, f"{key}.kind")
    lifetime_s = _lifetime_s(kind, plan.lifetime.us, f"{key}.lifetime")
    if (plan.every is None) is not bool(plan.times):
        raise ScenarioError(f"{key}: give either every, such as '10m', or times, such as ['90s']")
    _check_area(city.areas, plan.area, f"{key}.area")
    boxed = kind.readers is Readers.SEALED and plan.body_bytes > BOX_BYTES_MAX
    if boxed or plan.body_bytes + 130 > kind.size_max_bytes:
        raise ScenarioError(
            f"{key}.body_bytes: {plan.body_bytes} and its envelope do not fit the "
            f"{kind.size_max_bytes} bytes of a {kind.name}"
        )
    every_us = plan.every.us if plan.every is not None else 0
    habit = Habit(kind, every_us, plan.body_bytes, plan.area, lifetime_s)
    granted = {residents.host.name: None for residents in city.residents}
    for host in select(city.hosts, plan.at, f"{key}.at"):
        if host.name not in granted:
            # A relay that signs nothing needs no grant, and a thousand of them are a load.
            host.papers.append(host.grant)
        residents = Residents(city.world, host, habit, f"people/{key}/{host.name}")
        residents.follow(tuple(at.us for at in plan.times if at.us < until_us))
        if every_us:
            city.world.at(_BOOT_SPREAD_US, residents.come, until_us)
        if plan.burst is not None:
            for t_us in _starts(city, plan.burst.area, f"{key}.burst.area"):
                end_us = min(t_us + plan.burst.within.us, until_us)
                residents.rush(t_us, end_us, plan.burst.every.us)
        city.residents.append(residents)


def _starts(city: City, area: int, key: str) -> list[int]:
    """When desks mean to start alerts that hold in an area."""
    _check_area(city.areas, area, key)
    return [
        say.t_us
        for desk in city.desks
        for say in desk.plan
        if say.verb is Verb.START and city.areas.covers(say.area, area)
    ]


def _lifetime_s(kind: Kind, lifetime_us: int, key: str) -> int:
    lifetime_s = lifetime_us // _SECOND_US
    steps = [step for step in LIFETIME_STEPS_S if step <= kind.lifetime_max_s]
    if lifetime_s not in steps:
        raise ScenarioError(
            f"{key}: a {kind.name} lives {', '.join(map(str, steps))} seconds, not {lifetime_s}"
        )
    return lifetime_s


def _kind(name: str, key: str) -> Kind:
    kinds = {kind.name: kind for kind in KINDS.values() if kind.signer is Role.RELAY}
    if name not in kinds:
        raise ScenarioError(f"{key}: {name!r} is no kind of a relay's; they are {', '.join(kinds)}")
    return kinds[name]


def _add_attackers(city: City, scenario: Scenario) -> None:
    """Take relays over, or surround them: nothing is asked any more of those taken over."""
    desks = {
        plan.name: (desk.host.name, desk.identity, plan.areas)
        for plan, desk in zip(scenario.desks, city.desks, strict=True)
    }
    ground = Ground(city.world, city.realm, city.ledger, city.hosts, desks)
    for i, plan in enumerate(scenario.attackers):
        key = f"attackers[{i}]"
        if bool(plan.who) == bool(plan.share):
            raise ScenarioError(f"{key}: give `who` (relays) or `share` (of all), one of them")
        chosen = select(city.hosts, plan.who, f"{key}.who") if plan.who else None
        where = choose(ground, plan, key) if chosen is None else tuple(chosen)
        fault = place(ground, plan, where, key, scenario.duration.us)
        city.faults.append(fault)
        what = f"attack {plan.kind}"
        city.bands.append(Band(what, what, fault.from_us, fault.until_us))
    city.watch.exempt.update((host.name, None) for host in city.hosts if host.tap is not None)


def _add_revocations(city: City, scenario: Scenario) -> None:
    """At its moment each is offered at a relay as from a stick: a registrar has no relay here."""
    desks = {plan.name: desk for plan, desk in zip(scenario.desks, city.desks, strict=True)}
    for i, plan in enumerate(scenario.revocations):
        key = f"revocations[{i}]"
        if plan.desk not in desks:
            raise ScenarioError(
                f"{key}.desk: {plan.desk!r} is no desk; they are {', '.join(desks)}"
            )
        if plan.since.us > plan.at.us:
            raise ScenarioError(f"{key}.since: {plan.since} is later than `at`, {plan.at}")
        (host, *_) = select(city.hosts, plan.where, f"{key}.where")
        since_s = scenario.start_s + plan.since.us // _SECOND_US
        city.world.at(plan.at.us, _revoke, city, host, desks[plan.desk], since_s)
        band = Band(f"{plan.desk}'s key revoked", "revocation", plan.at.us, scenario.duration.us)
        city.bands.append(band)


def _revoke(city: City, host: Host, desk: Desk, since_s: int) -> None:
    """What the desk said before the theft stays."""
    public = desk.identity.public
    said = (each.row for each in city.ledger.existing() if each.row.signer == public)
    alert = kind_named("alert").number
    keep = [row.id for row in said if row.kind == alert and row.created_s < since_s]
    city.ledger.revoke(public, tuple(keep))
    desk.revoke(since_s)
    _carry(city, host, city.realm.revoke(public, since_s, keep))


def _carry(city: City, host: Host, word: bytes) -> None:
    """A registrar looks every half a minute whether the word is there, also after the machine
    has lost it."""
    known = city.ledger.beginning(word)
    if known is None or known.lost:
        host.offer(word)
    city.world.after(LOOK_AGAIN_US, _carry, city, host, word)
