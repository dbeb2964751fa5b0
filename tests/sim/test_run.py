"""Whole runs: determinism, and agreement after any chaos."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from holub_sim.run import run
from holub_sim.scenario import find, load
from holub_sim.streams import Stream
from holub_sim.units import Span
from support_sim import CITY, CRASH, CUT, json_of, small

SCENARIO = CITY + CUT + CRASH


def in_a_process(hash_seed: int, *arguments: str) -> dict[str, object]:
    """Run the command in a process of its own; return the JSON it prints."""
    done = subprocess.run(
        [sys.executable, "-c", "from holub_sim.cli import sim; sim()", "run", *arguments, "--json"],
        env={**os.environ, "PYTHONHASHSEED": str(hash_seed)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json_of(done.stdout)


@pytest.mark.slow
def test_one_seed_is_one_run_in_every_process(tmp_path: Path) -> None:
    """Two processes, two hash seeds: the same trace byte for byte; another seed: another run."""
    (tmp_path / "s.toml").write_text(SCENARIO)
    path, traces = str(tmp_path / "s.toml"), [tmp_path / "1.txt", tmp_path / "2.txt"]
    one = in_a_process(1, path, "--seed", "5", "--trace", str(traces[0]))
    two = in_a_process(2, path, "--seed", "5", "--trace", str(traces[1]))
    assert one == two
    assert traces[0].read_bytes() == traces[1].read_bytes()
    assert in_a_process(1, path, "--seed", "6")["trace"] != one["trace"]


@pytest.mark.slow
def test_a_generated_city_is_one_run_in_every_process(tmp_path: Path) -> None:
    """With phones, sticks, batteries, jams and wrong clocks, under three hash seeds."""
    world = SCENARIO[SCENARIO.index("[world]") : SCENARIO.index("[[desks]]")]
    town = (
        '[world]\nkind = "city"\ndistricts = 2\nbuildings = 6\nsatellites = 0.5\n'
        'commuters = 2\ncouriers = 2\nround = "2m"\n\n'
    )
    outages = (
        '[[batteries]]\nshare = 0.5\nleast = "30s"\nmost = "1m"\n'
        '[[outages]]\nwhat = "mains"\nwhere = "feeder=f*"\nshare = 0.5\nat = ["1m"]\n'
        'for = "3m"\nstaggered = "1m"\n'
        '[[outages]]\nwhat = "jam"\nlinks = "bearer=uplink"\nat = ["2m"]\nfor = "2m"\n'
        '[[outages]]\nwhat = "clock"\nwhere = "d2"\nbehind = "1h"\nat = ["1m"]\nfor = "2m"\n'
    )
    text = SCENARIO.replace(world, town).replace("d1/r1", "d1/b1/r1").replace("d2/r1", "d2/b1/r1")
    (tmp_path / "s.toml").write_text(text + outages)
    path = str(tmp_path / "s.toml")
    traces = {str(in_a_process(hash_seed, path)["trace"]) for hash_seed in (0, 1, 2)}
    assert len(traces) == 1


def test_one_seed_is_one_run_within_a_process() -> None:
    """Nothing is left over from a run before."""
    plan = small(CUT + CRASH)
    first, second = run(plan, 3), run(plan, 3)
    assert first == second
    assert first.passed


def test_a_fault_shifts_nobody_elses_chance() -> None:
    """Residents come at the same moments whether or not a link is cut: runs can be compared."""
    people = [
        [each.messages for each in run(small(extra), 4).classes if each.name == "people"]
        for extra in ("", CUT)
    ]
    assert people[0] == people[1]


def chaos(seed: int) -> str:
    """Tables of random faults: cuts of a district or of single relays, crashes of both kinds."""
    stream = Stream(seed, "chaos")
    tables = []
    for _ in range(stream.between(1, 3)):
        begin = stream.between(5, 300)
        end = begin + stream.between(1, 120)
        apart = ("d1", "d2", "*/r1", "d2/r2")[stream.randrange(4)]
        what = ("partition", "cut", "jam")[stream.randrange(3)]
        way = ("both", "in", "out")[stream.randrange(3)]
        tables.append(
            f'[[outages]]\nwhat = "{what}"\nwhere = "{apart}"\nway = "{way}"\n'
            f'at = ["{begin}s"]\nfor = "{end - begin}s"\n'
        )
    for _ in range(stream.between(1, 3)):
        who = ("d1/r1", "d1/r2", "d2", "*")[stream.randrange(4)]
        at, down = stream.between(1, 350), stream.between(1, 60)
        what = ("power", "kill", "mains")[stream.randrange(3)]
        tables.append(
            f'[[outages]]\nwhat = "{what}"\nwhere = "{who}"\nat = ["{at}s"]\nfor = "{down}s"\n'
        )
    return "".join(tables)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
def test_after_any_chaos_all_hold_the_same(seed: int) -> None:
    """Partitions, power cuts and kills in any overlap: no rule breaks on the way, and after the
    heal every relay holds every live message, the same boards, and shows what the desk means."""
    machine = '[machine]\nclock_off = "2s"\ndrift_ppm = 50\n'
    outcome = run(small(machine + chaos(seed)), seed)
    assert outcome.violations == ()
    assert outcome.agreed.missing == 0
    assert outcome.agreed.complete
    assert outcome.said == 3


@pytest.mark.slow
def test_the_quiet_hour_delivers_everything() -> None:
    """Ten relays, no faults: each message reaches each relay, most within a tenth of a second."""
    outcome = run(load(find("quiet-hour")), 1)
    assert outcome.passed
    assert all(each.copies == each.copies_due for each in outcome.classes)
    people = next(each for each in outcome.classes if each.name == "people")
    assert people.p95_ms is not None
    assert people.p95_ms < 500


@pytest.mark.slow
def test_the_siren_day_survives_a_partition_and_a_power_cut() -> None:
    """An hour of the real log over all thirty relays, three districts cut off and the desk's own
    relay dead for a while: no status is ever falsely clear, and in the end all agree."""
    day = load(find("siren-day"))
    hour = replace(
        day,
        duration=Span.parse("1h"),
        outages=(
            replace(day.outages[0], at=(Span.parse("15m"),), for_=Span.parse("30m")),
            replace(day.outages[1], at=(Span.parse("30m"),), for_=Span.parse("3m")),
        ),
    )
    outcome = run(hour, 1)
    assert outcome.violations == ()
    assert outcome.agreed.complete
    assert outcome.statuses_judged > 1000
    assert outcome.said > 3
