"""A replay file: a scenario, its seed, the code that ran it, and the hash of all that happened."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from holub_sim.hunt import Outcome, attempt
from holub_sim.scenario import Scenario, ScenarioError, from_table, to_table
from holub_sim.trace import Sink, Trace
from holub_sim.version import code_version


@dataclass(frozen=True, slots=True)
class Replay:
    """What was run, by which version of the code, with which trace, and the rule that broke."""

    scenario: Scenario
    seed: int
    version: str
    trace: str
    rule: str
    detail: str

    @property
    def same_code(self) -> bool:
        """Whether this version of the code ran it."""
        return self.version == code_version()


def record(scenario: Scenario, seed: int, outcome: Outcome) -> Replay:
    """Return the replay of what a hunt has found."""
    broken = outcome.violation
    return Replay(
        scenario=scenario,
        seed=seed,
        version=code_version(),
        trace=outcome.trace,
        rule=broken.rule if broken else "",
        detail=broken.detail if broken else "",
    )


def write(replay: Replay, path: Path) -> None:
    """Write it as JSON."""
    table = {
        "holub": replay.version,
        "seed": replay.seed,
        "rule": replay.rule,
        "detail": replay.detail,
        "trace": replay.trace,
        "scenario": to_table(replay.scenario),
    }
    path.write_text(json.dumps(table, indent=1, ensure_ascii=False) + "\n", "utf-8")


def read(path: Path) -> Replay:
    """Read one; raises ScenarioError naming the file and what is wrong."""
    try:
        table: Any = json.loads(path.read_text("utf-8"))
        return Replay(
            scenario=from_table(table["scenario"]),
            seed=int(table["seed"]),
            version=str(table["holub"]),
            trace=str(table["trace"]),
            rule=str(table["rule"]),
            detail=str(table["detail"]),
        )
    except OSError as error:
        raise ScenarioError(f"{path}: cannot be read: {error}") from None
    except (ValueError, KeyError, TypeError) as error:
        raise ScenarioError(f"{path}: is no replay file: {error!r}") from None


class Lines:
    """Of a trace only the lines of some host, up to a moment; both may be left open."""

    def __init__(self, sink: Sink, host: str = "", until_us: int | None = None) -> None:
        """Hand what passes to `sink`; `host` also as its number on a grid, `7` for `d7/r1`."""
        self._sink, self._until_us = sink, until_us
        self._host = f"d{host}/r1" if re.fullmatch(r"\d+", host) else host

    def write(self, text: str, /) -> None:
        """Take a line `t_us who what`."""
        t_us, who, _ = text.split(" ", 2)
        if (not self._host or who == self._host) and (
            self._until_us is None or int(t_us) <= self._until_us
        ):
            self._sink.write(text)


def play(replay: Replay, sink: Sink | None = None) -> Outcome:
    """Run it again."""
    return attempt(replay.scenario, replay.seed, Trace(sink))
