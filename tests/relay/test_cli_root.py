"""The group of verbs: all are there, and those of other packages join."""

from importlib.metadata import EntryPoint

import click
import pytest

from holub_relay.cli import root
from support_relay import ok, run


def test_every_verb_loads_and_is_described() -> None:
    """`holub --help` names each verb with a sentence, and each has its own help."""
    text = ok("--help")
    for verb in root.VERBS:
        assert f"  {verb} " in text
        assert "--data" in ok(verb, "--help") or "Commands:" in ok(verb, "--help")
    assert "Exit codes: 0 done" in text


def test_an_unknown_verb_is_wrong_use() -> None:
    """A verb that is none is named, with exit code 2."""
    result = run("fly")
    assert result.exit_code == 2
    assert "fly" in result.output


def test_verbs_of_other_packages_join(monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry point of the group is a verb; one that can't be imported says what to install;
    one that is no command says that."""
    points = (
        EntryPoint("hello", "click.testing:hello", root.GROUP),
        EntryPoint("gone", "holub_gone:verb", root.GROUP),
        EntryPoint("odd", "os:sep", root.GROUP),
    )
    monkeypatch.setattr(root, "entry_points", lambda group: points)
    command = click.Command("hello", callback=lambda: click.echo("hello there"))
    monkeypatch.setattr("click.testing.hello", command, raising=False)
    assert ok("hello") == "hello there\n"
    gone = run("gone", "--whatever", "x")
    assert gone.exit_code == 1
    assert "pip install 'holub[gone]'" in gone.output
    assert "os:sep is no command" in run("odd").output
    assert "hello" in ok("--help")


def test_the_version_is_told() -> None:
    """`holub --version` names the release."""
    assert ok("--version").startswith("holub, version ")
