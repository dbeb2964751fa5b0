"""A small city and a bad quarter of an hour, drawn from a seed.

Swarm testing (Groce et al. 2012): which features there are is itself drawn, each with even
odds, because a bug that needs two of them is hidden by the other ten. What happens comes in
clusters, with gaps from a millisecond to minutes, so that two things fall into one commit or
one round trip as often as a long way apart.
"""

from datetime import UTC, datetime
from typing import Any

from holub_sim.scenario import Scenario, from_table
from holub_sim.streams import Stream
from holub_sim.units import Span

KYIV, OBLAST, RAION = 93317, 30281, 12455
"""A city, an oblast that it is not part of, and a raion of that oblast."""

PLACES = (0, KYIV, OBLAST, RAION)
"""Where a hunt compares what is shown."""

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
FIRST_US = 6_000_000
"""All are up and have met."""

DESKS_MOST = 3

_EVEN_PPM = 500_000
_MOSTLY_PPM = 750_000
_SECOND_US = 1_000_000
_GAPS = 17
_AGO = 9
_CROWD = 4
_OPERATIONS_MOST = 14
_QUIET_US = 330 * _SECOND_US
_SHAPES = ("line", "ring", "star", "mesh")
_LIFETIMES = ("1m", "10m", "1d")
_KINDS = (("checkin", 300), ("need", 800), ("request", 1500), ("status", 300))


def draw(seed: int) -> Scenario:
    """Return the scenario of a seed: the same on every machine."""
    return from_table(_Draw(seed).table())


class _Draw:
    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._stream = Stream(seed, "hunt")
        self._t_us = FIRST_US
        self._labels: list[tuple[int, str]] = []

    def table(self) -> dict[str, Any]:
        """What a scenario's file would hold."""
        hosts = self._stream.between(2, 5)
        self._hosts = [f"d{number}" for number in range(1, hosts + 1)]
        self._victim = self._one(self._hosts) if self._has("one victim") else ""
        self._desks = self._drawn_desks()
        lists: dict[str, list[Any]] = {
            "people": [], "outages": [], "forgeries": [], "revocations": []
        }  # fmt: skip
        moves = [move for name, move in self._moves() if self._has(name)] or [self._say]
        for _ in range(self._stream.between(3, _OPERATIONS_MOST)):
            gap_us = 1_000 << self._stream.randrange(_GAPS)
            self._t_us += gap_us + self._stream.randrange(gap_us)
            moves[self._stream.randrange(len(moves))](lists)
        rest_us = self._stream.randrange(_QUIET_US) if self._has("quiet end") else _SECOND_US
        return {
            "name": f"hunt-{self._seed}",
            "start": START,
            "duration": str(Span(self._t_us + rest_us)),
            "settle": "40m",
            "world": self._world(hosts),
            "machine": self._machine(),
            "desks": self._desks,
            **lists,
        }

    def _has(self, feature: str) -> bool:
        return Stream(self._seed, f"hunt/{feature}").chance(_EVEN_PPM)

    def _one(self, choices: tuple[Any, ...] | list[Any]) -> Any:
        return choices[self._stream.randrange(len(choices))]

    def _host(self) -> str:
        """Any relay; where there is a victim, mostly that one."""
        if self._victim and self._stream.chance(_MOSTLY_PPM):
            return self._victim
        return str(self._one(self._hosts))

    def _world(self, hosts: int) -> dict[str, Any]:
        uplink: dict[str, Any] = {"latency": self._one(("1ms", "20ms", "300ms"))}
        if self._has("jitter"):
            uplink["jitter"] = self._one(("1ms", "200ms"))
        if self._has("slow"):
            uplink["rate"] = self._one(("9600", "64k", "1M"))
        if self._has("loss"):
            uplink["loss"] = self._one((0.01, 0.1, 0.3))
        return {
            "kind": "grid",
            "districts": hosts,
            "relays": 1,
            "between": self._one(_SHAPES),
            "uplink": uplink,
        }

    def _machine(self) -> dict[str, Any]:
        machine: dict[str, Any] = {}
        if self._has("clocks"):
            machine |= {"clock_off": self._one(("1s", "20s")), "drift_ppm": 100}
        if self._has("slow disk"):
            machine |= {"commit": self._one(("50ms", "1s")), "commit_jitter": "200ms"}
        if self._has("small store"):
            machine["store_bytes"] = self._one((32_768, 49_152))
        if self._has("small window"):
            machine["window_bytes"] = self._one((512, 1024, 4096))
        return machine

    def _drawn_desks(self) -> list[dict[str, Any]]:
        count = self._stream.between(1, DESKS_MOST)
        authority = "city" if self._has("shared authority") else ""
        return [
            {
                "name": f"desk-{number}",
                "at": self._one(self._hosts),
                "authority": authority,
                "areas": [0],
                "says": [],
            }
            for number in range(1, count + 1)
        ]

    def _moves(self) -> tuple[tuple[str, Any], ...]:
        return (
            ("alerts", self._say),
            ("ends", self._end),
            ("people", self._post),
            ("cuts", self._cut),
            ("crashes", self._crash),
            ("lost disks", self._ruin),
            ("jams", self._jam),
            ("wrong clocks", self._clock),
            ("forgeries", self._forge),
            ("revocations", self._revoke),
        )

    def _at(self) -> str:
        return str(Span(self._t_us))

    def _for(self) -> str:
        us = 10_000 << self._stream.randrange(15)
        return str(Span(us + self._stream.randrange(us)))

    def _say(self, lists: dict[str, list[Any]]) -> None:
        desk = self._stream.randrange(len(self._desks))
        label = f"a{len(self._labels)}"
        self._labels.append((desk, label))
        saying = {
            "at": self._at(),
            "verb": self._one(("start", "start", "start", "test")),
            "area": self._one(PLACES[1:]),
            "alert": label,
        }
        if self._has("short alerts"):
            saying["lifetime"] = self._one(_LIFETIMES)
        self._desks[desk]["says"].append(saying)

    def _end(self, lists: dict[str, list[Any]]) -> None:
        if not self._labels:
            self._say(lists)
            return
        desk, label = self._one(self._labels)
        verb = self._one(("clear", "withdraw"))
        saying = {"at": self._at(), "verb": verb, "area": KYIV, "alert": label}
        if self._has("short ends"):
            saying["lifetime"] = self._one(_LIFETIMES)
        self._desks[desk]["says"].append(saying)

    def _post(self, lists: dict[str, list[Any]]) -> None:
        """One or two messages, or a crowd's; a larger crowd's where there is little room."""
        kind, size = self._one(_KINDS)
        crowd = _CROWD if self._has("small store") else 1
        lists["people"].append(
            {
                "at": self._host(),
                "kind": kind,
                "times": [self._at()] * (crowd * self._one((1, 1, 2, 8))),
                "body_bytes": self._stream.between(1, size),
                "lifetime": self._one(("1m", "1h", "1d")),
            }
        )

    def _outage(self, lists: dict[str, list[Any]], **more: Any) -> None:
        lists["outages"].append(
            {"where": self._host(), "at": [self._at()], "for": self._for(), **more}
        )

    def _cut(self, lists: dict[str, list[Any]]) -> None:
        way = self._one(("both", "in", "out")) if self._has("one-sided cuts") else "both"
        self._outage(lists, what="partition", way=way)

    def _crash(self, lists: dict[str, list[Any]]) -> None:
        self._outage(lists, what=self._one(("power", "kill")))

    def _ruin(self, lists: dict[str, list[Any]]) -> None:
        """A machine goes down, and its disk is not what it was: a card that lied about flushing,
        or a new one."""
        what, store = self._one(("power", "kill")), self._one(("torn", "wiped"))
        self._outage(lists, what=what, store=store)

    def _revoke(self, lists: dict[str, list[Any]]) -> None:
        """A registrar revokes a desk's key, from some time ago on."""
        desk = self._one([desk["name"] for desk in self._desks])
        if any(entry["desk"] == desk for entry in lists["revocations"]):
            return
        since_us = max(0, self._t_us - (1 << self._stream.randrange(_AGO)) * _SECOND_US)
        lists["revocations"].append(
            {"desk": desk, "where": self._host(), "at": self._at(), "since": str(Span(since_us))}
        )

    def _jam(self, lists: dict[str, list[Any]]) -> None:
        self._outage(lists, what="jam", loss=self._one((0.3, 0.8)))

    def _clock(self, lists: dict[str, list[Any]]) -> None:
        """A clock that lies and is believed may be a minute off; one that nothing vouches for may
        show anything, as after a boot without a battery."""
        if self._one((True, False)):
            self._outage(lists, what="clock", reliable=True, ahead=self._one(("1s", "50s")))
        else:
            self._outage(lists, what="clock", **self._one(({"behind": "3d"}, {"ahead": "1m"})))

    def _forge(self, lists: dict[str, list[Any]]) -> None:
        what = self._one(("altered", "clear", "board", "old"))
        lists["forgeries"].append({"at": self._host(), "times": [self._at()], "what": what})
