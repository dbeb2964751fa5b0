"""From a scenario that breaks a rule to the smallest one that still does.

Operations go first, by delta debugging (Zeller and Hildebrandt, "Simplifying and isolating
failure-inducing input", 2002); then relays, desks and conditions, one after the other, until
nothing more can go. A candidate counts if the same rule breaks, whenever and wherever.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias, TypeVar

from msgspec import convert, to_builtins

from holub_sim.scenario import Scenario, read_value

Fails: TypeAlias = Callable[[Scenario], bool]
Table: TypeAlias = dict[str, Any]

_Item = TypeVar("_Item")
_LISTS = ("people", "outages", "forgeries")


def operations(scenario: Scenario) -> int:
    """Return how many things happen: what desks and people say, what goes wrong, what is forged."""
    return len(_operations(to_table(scenario)))


def relays(scenario: Scenario) -> int:
    """Return how many relays there are; raises AttributeError where the world is no grid."""
    return scenario.world.districts * scenario.world.relays


def shrink(scenario: Scenario, fails: Fails) -> Scenario:
    """Return a smaller scenario for which `fails` still holds, as it does for `scenario`."""
    table = to_table(scenario)

    def wrong(candidate: Table) -> bool:
        return fails(from_table(candidate))

    while True:
        before = table
        kept = ddmin(_operations(before), lambda some: wrong(_with(before, some)))
        table = _with(before, kept)
        for step in (_fewer_relays, _fewer_desks, _plainer):
            table = _take_while(table, step, wrong)
        if table == before:
            return from_table(table)


def to_table(scenario: Scenario) -> Table:
    """Return what a file of the scenario would hold."""
    table: Table = to_builtins(scenario, enc_hook=str)
    return table


def from_table(table: Table) -> Scenario:
    """Return the scenario of a table; raises msgspec.ValidationError."""
    return convert(table, Scenario, dec_hook=read_value)


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


def _take_while(
    table: Table, candidates: Callable[[Table], Iterator[Table]], wrong: Callable[[Table], bool]
) -> Table:
    """Take the first candidate that is still wrong, again and again."""
    while True:
        for candidate in candidates(table):
            whole = to_table(from_table(candidate))
            if whole != table and wrong(whole):
                table = whole
                break
        else:
            return table


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
    if table["world"]["between"] != "line":
        yield {**table, "world": {**table["world"], "between": "line"}}


def _dropped(table: Table, path: tuple[str, ...]) -> Table:
    head, *rest = path
    if rest:
        return {**table, head: _dropped(table[head], tuple(rest))}
    return {key: value for key, value in table.items() if key != head}
