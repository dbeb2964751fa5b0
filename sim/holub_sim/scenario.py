"""The scenario language: a TOML file, its schema, and errors that say where and what.

Every key is a field below; times are texts such as "2h30m", rates such as "64k". `load` checks
what the schema can; `build.py` checks names against the city that the scenario describes.
"""

import re
import tomllib
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, ValidationError, convert, field, to_builtins

from holub_protocol.limits import WINDOW_BYTES_DEFAULT, WINDOW_BYTES_MAX, WINDOW_BYTES_MIN
from holub_sim.advice import advise
from holub_sim.locate import placed
from holub_sim.plans import Battery, Outage, Part, Who, World
from holub_sim.units import Rate, Span


class ScenarioError(ValueError):
    """A scenario can't be run; the text names the file, the key, the value and what is wanted."""


class Machine(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Clocks and disks: each clock is off by up to `clock_off` either way, and drifts by up to
    `drift_ppm`; with `grants` "all" each was installed with everybody's, with "own" they have to
    travel; a commit takes `commit`, or up to `commit_jitter` longer. Peers may have
    `window_bytes` under way to each."""

    clock_off: Span = Span(0)
    drift_ppm: Annotated[int, Meta(ge=0, le=1000)] = 0
    grants: Literal["own", "all"] = "own"
    commit: Span = Span(4_000)
    commit_jitter: Span = Span(2_000)
    store_bytes: Annotated[int, Meta(ge=1 << 13)] = 64 << 20
    window_bytes: Annotated[int, Meta(ge=WINDOW_BYTES_MIN, le=WINDOW_BYTES_MAX)] = (
        WINDOW_BYTES_DEFAULT
    )


class Saying(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing that a desk says: `alert` is the desk's own name for what it starts and ends;
    the message is valid for `lifetime`."""

    at: Span
    verb: Literal["start", "clear", "withdraw", "test"]
    area: int
    alert: str = "alert"
    hazard: str = "air-raid"
    lifetime: Span = Span(86_400_000_000)


class DeskPlan(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A key of an authority (its own, unless `authority` names one that several share) at one
    relay; it signs boards. It says what `says` lists and what the CSV file `replay` tells
    (columns t, area, on; t in Unix seconds)."""

    name: str
    at: str
    authority: str = ""
    areas: tuple[int, ...] = (0,)
    replay: str = ""
    hazard: str = "air-raid"
    says: tuple[Saying, ...] = ()


class Burst(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When an alert for `area`, or for one that it lies in, has begun: for the time `within`
    people come one `every` so often on average."""

    area: int
    within: Span
    every: Span


class PeoplePlan(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Residents at each of the relays `at`, who send messages of a relay's kind: one `every` so
    often on average, or one at each of the moments `times`; in a `burst` more of them."""

    at: Who = "*"
    kind: str
    every: Span | None = None
    times: tuple[Span, ...] = ()
    burst: Burst | None = None
    body_bytes: Annotated[int, Meta(ge=1, le=2048)] = 60
    area: int = 0
    lifetime: Span = Span(86_400_000_000)


class Forgery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody hands each of the relays `at`, on a stick, what no desk has said: "altered", the
    newest message with one bit turned; "clear" and "board", which would end every alert, in a
    desk's name; or "old": everything that was ever said, once more."""

    at: Who
    times: Annotated[tuple[Span, ...], Meta(min_length=1)]
    what: Literal["altered", "clear", "board", "old"]


class AttackerPlan(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An attack of the table in attacks/table.py, from the relays `who`, or from a `share` of all
    that have no desk: by chance, those with most links, or whole districts. It adds `rate` of
    its own on each machine; `identities` are a Sybil's keys, or fake relays around one relay;
    `drop` is what a grayhole drops; `desk` whose key was stolen."""

    kind: str
    who: Who = ()
    share: Part = 0.0
    pick: Literal["random", "degree", "district"] = "random"
    from_: Span = field(name="from", default=Span(0))
    until: Span | None = None
    rate: Rate = Rate(16_000)
    identities: Annotated[int, Meta(ge=1, le=10_000)] = 16
    drop: Part = 0.5
    desk: str = ""


class RevocationPlan(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """At the moment `at` a registrar revokes a desk's key, at the relay `where`: of what it signed
    from `since` on nothing stands."""

    desk: str
    where: str
    at: Span
    since: Span


class Scenario(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A whole scenario. It runs for `duration`; then all faults end, and after `settle` all
    hosts must agree, or where it says what it expects, that must hold.

    `expect` is asked of every run; each line of `sometimes` must hold in one run of a sweep at
    least (expect.py). `sweep` gives keys several values, which `holub sim sweep` combines."""

    name: Annotated[str, Meta(pattern="^[a-z0-9-]+$")]
    text: str = ""
    start: Annotated[datetime, Meta(tz=True)]
    duration: Span
    settle: Span = Span(600_000_000)
    world: World
    machine: Machine = Machine()
    desks: tuple[DeskPlan, ...] = ()
    people: tuple[PeoplePlan, ...] = ()
    batteries: tuple[Battery, ...] = ()
    outages: tuple[Outage, ...] = ()
    forgeries: tuple[Forgery, ...] = ()
    attackers: tuple[AttackerPlan, ...] = ()
    revocations: tuple[RevocationPlan, ...] = ()
    expect: tuple[str, ...] = ()
    sometimes: tuple[str, ...] = ()
    sweep: dict[str, Annotated[tuple[Any, ...], Meta(min_length=1)]] = {}

    @property
    def start_s(self) -> int:
        """Unix time at its beginning."""
        return int(self.start.timestamp())

    @property
    def zone_s(self) -> int:
        """How far its local time is ahead of UTC, in seconds."""
        offset = self.start.utcoffset()
        return 0 if offset is None else int(offset.total_seconds())


def bundled() -> tuple[Path, ...]:
    """Return the files of the scenarios that come with the package, by name."""
    return tuple(sorted((Path(__file__).parent / "scenarios").glob("*.toml")))


def find(name: str) -> Path:
    """Return the file that `name` means: a path, or a bundled scenario's bare name. Raises
    ScenarioError that lists those."""
    path = Path(name)
    if path.suffix == ".toml" or len(path.parts) > 1:
        return path
    for candidate in bundled():
        if candidate.stem == name:
            return candidate
    names = ", ".join(candidate.stem for candidate in bundled())
    raise ScenarioError(f"no scenario is called {name!r}; there are {names}, or give a .toml file")


def load(path: Path) -> Scenario:
    """Read a file; raises ScenarioError."""
    return parse(read_text(path), str(path))


def read_text(path: Path) -> str:
    """Return a file's text; raises ScenarioError."""
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ScenarioError(f"{path}: cannot be read: {error}") from None


def parse(text: str, where: str) -> Scenario:
    """Read TOML; `where` names it in errors. Raises ScenarioError."""
    try:
        return from_table(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ScenarioError(f"{where}: not TOML: {error}") from None
    except ScenarioError as error:
        raise ScenarioError(placed(where, text, str(error))) from None


def from_table(table: dict[str, Any]) -> Scenario:
    """Return the scenario of a table such as TOML gives; raises ScenarioError naming the key."""
    try:
        return convert(table, Scenario, dec_hook=read_value)
    except ValidationError as error:
        raise ScenarioError(_place(str(error), table)) from None


def to_table(scenario: Scenario) -> dict[str, Any]:
    """Return what a file of the scenario would hold, defaults included."""
    table: dict[str, Any] = to_builtins(scenario, enc_hook=str)
    return table


def read_value(wanted: type, value: Any) -> object:
    """Read a time or a rate, for msgspec; raises ValueError naming the value."""
    if wanted is Span:
        return Span.parse(value)
    if wanted is Rate:
        return Rate.parse(value)
    raise NotImplementedError(wanted)


def _place(text: str, table: dict[str, Any]) -> str:
    """Turn msgspec's "what - at `$.a[0].b`" into "a[0].b: what", in plainer words."""
    match = re.fullmatch(r"(.*) - at `\$\.?(.*)`", text, re.S)
    what, place = match.groups() if match else (text, "")
    what = advise(what, place, Scenario, table)
    return f"{place}: {what}" if place else what
