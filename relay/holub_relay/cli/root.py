"""The group of all verbs. Each is imported when it is asked for: `holub list` loads no server."""

from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType
from typing import Final

import click

from holub_protocol import __version__

GROUP: Final = "holub.commands"

VERBS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "alert": "holub_relay.cli.alert:alert",
        "board": "holub_relay.cli.board:board",
        "clock": "holub_relay.cli.clock:clock",
        "export": "holub_relay.cli.export:export",
        "get": "holub_relay.cli.get:get",
        "import": "holub_relay.cli.import_:import_",
        "init": "holub_relay.cli.init:init",
        "join-code": "holub_relay.cli.joincode:join_code",
        "key": "holub_relay.cli.key:key",
        "list": "holub_relay.cli.list:list_",
        "peers": "holub_relay.cli.peers:peers",
        "realm": "holub_relay.cli.realm:realm",
        "relay": "holub_relay.cli.relay:relay",
        "sealed": "holub_relay.cli.sealed:sealed",
        "send": "holub_relay.cli.send:send",
        "show": "holub_relay.cli.show:show",
        "status": "holub_relay.cli.status:status",
    }
)


class Verbs(click.Group):
    """Commands by name, those of other packages included."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return every verb there is."""
        return sorted({*VERBS, *(point.name for point in entry_points(group=GROUP))})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a verb; one whose extra is missing says what to install."""
        if cmd_name in VERBS:
            module, _, name = VERBS[cmd_name].partition(":")
            point = EntryPoint(cmd_name, f"{module}:{name}", GROUP)
            return _load(point, "relay")
        for point in entry_points(group=GROUP):
            if point.name == cmd_name:
                return _load(point, cmd_name)
        return None


def _load(point: EntryPoint, extra: str) -> click.Command:
    try:
        command = getattr(import_module(point.module), point.attr)
    except ImportError as error:
        text = f"{error.name} is missing; run: pip install 'holub[{extra}]'"
        return _missing(point.name, text)
    if not isinstance(command, click.Command):
        return _missing(point.name, f"{point.value} is no command")
    return command


def _missing(name: str, text: str) -> click.Command:
    def fail(**_: object) -> None:
        raise click.ClickException(text)

    return click.Command(
        name,
        callback=fail,
        help=f"Not installed: {text}",
        context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
    )


@click.group(
    cls=Verbs,
    epilog="Exit codes: 0 done, 1 refused or failed, 2 wrong use, 3 not found, 4 data directory "
    "in use.",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="holub")
def holub() -> None:
    """Carry signed alerts and messages from relay to relay while networks fail."""
