"""From a scenario that breaks a rule to the smallest one that still does.

Operations go first, by delta debugging (Zeller and Hildebrandt, "Simplifying and isolating
failure-inducing input", 2002); then relays, desks and conditions, one after the other, until
nothing more can go. A candidate counts if the same rule breaks, whenever and wherever.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, TypeAlias, TypeVar

from holub_sim.plans import Grid
from holub_sim.scenario import Machine, Scenario, ScenarioError, from_table, to_table

Fails: TypeAlias = Callable[[Scenario, int], bool]
Table: TypeAlias = dict[str, Any]

RELAYS_FEW = 2
LUCK_TRIES = 24
"""Seeds tried with every relay left out, as long as there are more than a few."""

STORE_BYTES_LEAST = 8192

_Item = TypeVar("_Item")
_LISTS = ("people", "outages", "forgeries", "revocations")


def operations(scenario: Scenario) -> int:
    """Return how many things happen: what desks and people say, what goes wrong, what is forged or
    revoked."""
    return len(_operations(to_table(scenario)))


def relays(scenario: Scenario) -> int:
    """Return how many relays there are on the scenario's grid."""
    assert isinstance(scenario.world, Grid)
    return scenario.world.districts * scenario.world.relays


def shrink(scenario: Scenario, seed: int, fails: Fails) -> tuple[Scenario, int]:
    """Return a smaller scenario, and the seed with which `fails` holds for it as it does for
    `scenario` with `seed`. That seed is another only where this spares relays: fewer of them
    need other luck."""
    table = to_table(scenario)

    def wrong(candidate: Table, luck: int) -> bool:
        try:
            return fails(from_table(candidate), luck)
        except ScenarioError:  # it names what went with a relay
            return False

    while True:
        table = _smaller(table, partial(wrong, luck=seed))
        if table["world"]["districts"] <= RELAYS_FEW:
            return from_table(table), seed
        for luck in range(LUCK_TRIES):
            fewer = _take_first(table, _fewer_relays, partial(wrong, luck=luck))
            if fewer is not None:
                table, seed = fewer, luck
                break
        else:
            return from_table(table), seed


def _smaller(table: Table, wrong: Callable[[Table], bool]) -> Table:
    """Take away whatever can go, until nothing more can."""
    while True:
        before = table

        def wrong_with(some: Sequence[Operation], whole: Table = before) -> bool:
            return wrong(_with(whole, some))

        table = _with(before, ddmin(_operations(before), wrong_with))
        for step in (_fewer_relays, _fewer_desks, _plainer):
            while (smaller := _take_first(table, step, wrong)) is not None:
                table = smaller
        if table == before:
            return table


def ddmin(items: Sequence[_Item], fails: Callable[[Sequence[_Item]], bool]) -> list[_Item]:
    """Return some of `items` for which `fails` holds, and of which none can be left out."""
    kept = list(items)
    if kept and fails([]):
        return []
    parts = 2
    while len(kept) >= 2:
        size = -(-len(kept) // parts)
        for start in range(0, len(kept), size):
            rest = kept[:start] + kept[start + size :]
            if fails(rest):
                kept, parts = rest, max(parts - 1, 2)
                break
        else:
            if size == 1:
                break
            parts = min(len(kept), 2 * parts)
    return kept


Operation: TypeAlias = tuple[str, int, Table]
"""The list that it stands in, the desk's number in `desks`, and the entry itself."""


def _operations(table: Table) -> list[Operation]:
    found = [
        ("says", number, saying)
        for number, desk in enumerate(table["desks"])
        for saying in desk["says"]
    ]
    return found + [(name, 0, entry) for name in _LISTS for entry in table[name]]


def _with(table: Table, kept: Sequence[Operation]) -> Table:
    """The table with no other operations than those, in the same order."""
    chosen = {id(entry): None for _, _, entry in kept}
    lists = {name: [e for e in table[name] if id(e) in chosen] for name in _LISTS}
    desks = [
        {**desk, "says": [saying for saying in desk["says"] if id(saying) in chosen]}
        for desk in table["desks"]
    ]
    return {**table, **lists, "desks": desks}


def _take_first(
    table: Table, candidates: Callable[[Table], Iterator[Table]], wrong: Callable[[Table], bool]
) -> Table | None:
    """Return the first candidate that is still wrong."""
    for candidate in candidates(table):
        whole = to_table(from_table(candidate))
        if whole != table and wrong(whole):
            return whole
    return None


def _fewer_relays(table: Table) -> Iterator[Table]:
    """Without one district: what happened there does not happen; or it happens next door."""
    count = table["world"]["districts"]
    for gone in range(count, 0, -1) if count > 1 else ():
        for heir in ("", *(f"d{n}" for n in range(1, count) if n == 1 or n == gone - 1)):
            yield _without(table, f"d{gone}", heir)


def _without(table: Table, gone: str, heir: str) -> Table:
    number = int(gone[1:])

    def renamed(entry: Table, key: str) -> Table | None:
        if entry[key] == gone:
            return {**entry, key: heir} if heir else None
        match = re.fullmatch(r"d(\d+)", str(entry[key]))
        if match and int(match[1]) > number:
            return {**entry, key: f"d{int(match[1]) - 1}"}
        return entry

    def all_of(name: str, key: str) -> list[Table]:
        return [new for entry in table[name] if (new := renamed(entry, key)) is not None]

    return {
        **table,
        "world": {**table["world"], "districts": table["world"]["districts"] - 1},
        "desks": all_of("desks", "at"),
        "people": all_of("people", "at"),
        "outages": all_of("outages", "where"),
        "forgeries": all_of("forgeries", "at"),
        "revocations": all_of("revocations", "where"),
    }


def _fewer_desks(table: Table) -> Iterator[Table]:
    for number in range(len(table["desks"])):
        yield {**table, "desks": table["desks"][:number] + table["desks"][number + 1 :]}


def _plainer(table: Table) -> Iterator[Table]:
    """With the usual machines and good links, a shorter end, and longer pauses."""
    for section in (("machine",), ("world", "uplink")):
        part = table
        for key in section:
            part = part[key]
        for key in part:
            if key != "latency":
                yield _dropped(table, (*section, key))
    store_bytes = table["machine"]["store_bytes"]
    if 2 * STORE_BYTES_LEAST <= store_bytes < Machine().store_bytes:
        # Where the store matters a smaller one is filled by fewer.
        yield {**table, "machine": {**table["machine"], "store_bytes": store_bytes // 2}}
    if table["world"]["between"] != "line":
        yield {**table, "world": {**table["world"], "between": "line"}}


def _dropped(table: Table, path: tuple[str, ...]) -> Table:
    head, *rest = path
    if rest:
        return {**table, head: _dropped(table[head], tuple(rest))}
    return {key: value for key, value in table.items() if key != head}
