"""Who is meant: selectors of relays and links by name, label or degree.

A text is a name or a district, as `d1/r2`, `d1`, `*/r1`; or a label, as `feeder=f3`,
`operator=o*`, `lan=d1/b2`, `role=phone`; or, of relays, `degree>=8`. `*`, `?` and `[...]` are
those of a shell and stay within a part between slashes.
"""

import re
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from typing import Protocol, TypeVar

from holub_sim.host import Host
from holub_sim.network import Wire
from holub_sim.scenario import ScenarioError

_LABEL = re.compile(r"([a-z]+)=(.+)")
_DEGREE = re.compile(r"degree>=(\d+)")
_HOST_LABELS = ("district", "lan", "feeder", "operator", "role")
_WIRE_LABELS = ("bearer", "operator")

_Chosen = TypeVar("_Chosen", Host, Wire)


class _Labelled(Protocol):
    @property
    def labels(self) -> dict[str, tuple[str, ...]]:
        """By the label's name, its values."""


def select(hosts: Sequence[Host], wanted: str | tuple[str, ...], key: str) -> tuple[Host, ...]:
    """Return the hosts that one of the selectors matches, each once, in the selectors' order;
    raises ScenarioError where one matches none."""

    def matches(pattern: str) -> Callable[[Host], bool]:
        if degree := _DEGREE.fullmatch(pattern):
            return lambda host: len(host.wires) >= int(degree[1])
        if labelled := _by_label(pattern, _HOST_LABELS, key):
            return labelled
        return lambda host: _matches(host.name, pattern) or _matches(host.district, pattern)

    told = (
        f"they are {hosts[0].name} to {hosts[-1].name}, in the districts {hosts[0].district} to "
        f"{hosts[-1].district}"
    )
    return tuple(_choose(hosts, wanted, matches, key, "relay", told))


def select_wires(wires: Sequence[Wire], wanted: str | tuple[str, ...], key: str) -> list[Wire]:
    """Return the links that one of the selectors matches, each once: `*`, or by a label, as
    `bearer=satellite`, `operator=o2` (that of either end's)."""

    def matches(pattern: str) -> Callable[[Wire], bool]:
        if pattern == "*":
            return lambda wire: True
        if labelled := _by_label(pattern, _WIRE_LABELS, key):
            return labelled
        raise ScenarioError(f"{key}: {pattern!r}; expected '*' or {' or '.join(_WIRE_LABELS)}=...")

    values = sorted({value for wire in wires for value in wire.labels["bearer"]})
    return _choose(wires, wanted, matches, key, "link", f"their bearers are {', '.join(values)}")


def _choose(
    things: Sequence[_Chosen],
    wanted: str | tuple[str, ...],
    matches: Callable[[str], Callable[[_Chosen], bool]],
    key: str,
    noun: str,
    told: str,
) -> list[_Chosen]:
    chosen: dict[int, _Chosen] = {}
    for pattern in (wanted,) if isinstance(wanted, str) else wanted:
        matching = list(filter(matches(pattern), things))
        if not matching:
            raise ScenarioError(f"{key}: {pattern!r} selects no {noun}; {told}")
        chosen.update((id(thing), thing) for thing in matching)
    return list(chosen.values())


def _by_label(pattern: str, known: tuple[str, ...], key: str) -> Callable[[_Labelled], bool] | None:
    match = _LABEL.fullmatch(pattern)
    if match is None:
        return None
    label, value = match.groups()
    if label not in known:
        raise ScenarioError(f"{key}: {pattern!r}: no label is {label!r}; there are {list(known)}")
    return lambda thing: any(_matches(have, value) for have in thing.labels[label])


def _matches(name: str, pattern: str) -> bool:
    # A `*` stays within its part: "d*" means districts, and is not tried on relays.
    parts, patterns = name.split("/"), pattern.split("/")
    return len(parts) == len(patterns) and all(map(fnmatchcase, parts, patterns))
