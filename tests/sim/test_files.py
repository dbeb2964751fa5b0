"""Where files that a scenario names are found."""

from pathlib import Path

import pytest

from holub_sim.files import find_file
from holub_sim.scenario import ScenarioError


def test_a_file_is_found_beside_the_scenario_before_the_package(tmp_path: Path) -> None:
    """And one that is in neither place is told with both."""
    name = "sirens-2022-08-24.csv"
    assert find_file(name, tmp_path, "key").parent.name == "data"
    (tmp_path / name).write_text("")
    assert find_file(name, tmp_path, "key").parent == tmp_path
    with pytest.raises(ScenarioError, match=r"^key: there is no file .*no\.csv nor .*no\.csv"):
        find_file("no.csv", tmp_path, "key")
