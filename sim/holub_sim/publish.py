"""From a run that is over to the files that somebody asked for."""

from pathlib import Path

from holub_sim.damage import Damage, damages
from holub_sim.exports import write_all
from holub_sim.figures import Figures, figures
from holub_sim.page import page
from holub_sim.pairs import pairs
from holub_sim.run import Played
from holub_sim.scenario import Scenario


def publish(
    played: Played,
    scenario: Scenario,
    beside: Path,
    again: str,
    page_file: Path | None = None,
    folder: Path | None = None,
    pair_count: int | None = None,
) -> tuple[Path, ...]:
    """Write the page, or everything into a folder, or both; returns the files. `beside` is where
    the scenario's own files are, `again` the command that repeats the run; with `pair_count` the
    damage of attackers is measured over so many seeds from this one on. Raises OSError."""
    shown = show(played, scenario)
    damage: tuple[Damage, ...] = ()
    if pair_count is not None and scenario.attackers:
        seed = played.report.seed
        damage = damages(pairs(scenario, range(seed, seed + pair_count), beside))
    written: tuple[Path, ...] = ()
    if page_file is not None:
        page_file.write_text(page(shown, again, damage), encoding="utf-8")
        written += (page_file,)
    if folder is not None:
        written += write_all(folder, shown, played.city, again, damage)
    return written


def show(played: Played, scenario: Scenario) -> Figures:
    """Return what a report of this run shows."""
    return figures(
        played.city,
        played.report,
        scenario.text,
        f"{scenario.start:%Y-%m-%d %H:%M %Z}",
        scenario.duration.us,
        played.samples,
    )
