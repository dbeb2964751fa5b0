"""Where the files are that a scenario names: beside it, or among those that ship."""

from pathlib import Path

from holub_sim.scenario import ScenarioError


def find_file(name: str, folder: Path | None, key: str) -> Path:
    """Return the file called `name` in `folder`, or in the package's data; raises ScenarioError
    that says where it was looked for."""
    places = [place / name for place in (folder, Path(__file__).parent / "data") if place]
    for place in places:
        if place.is_file():
            return place
    raise ScenarioError(f"{key}: there is no file {' nor '.join(map(str, places))}")
