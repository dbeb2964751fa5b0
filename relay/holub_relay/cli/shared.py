"""What the verbs share: the --data option, JSON output, errors with their exit codes, times."""

import functools
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import click
import segno

from holub_relay.asking import Answer
from holub_relay.errors import OperatorError
from holub_relay.passphrase import Passphrases

P = ParamSpec("P")
R = TypeVar("R")

data_option = click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="The node's data directory.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
passphrase_option = click.option(
    "--passphrase-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A file with the passphrase, for scripts. [default: ask at the terminal]",
)
no_passphrase_option = click.option(
    "--no-passphrase", is_flag=True, help="Leave the key open to whoever gets at the file."
)
confirm_clock_option = click.option(
    "--confirm-clock",
    is_flag=True,
    help="Sign although nothing vouches for this machine's clock: you have checked it.",
)


class Failure(click.ClickException):
    """An error with the exit code that it names."""

    def __init__(self, error: OperatorError) -> None:
        """Take text and code over."""
        super().__init__(str(error))
        self._code = error.code

    @property
    def exit_code(self) -> int:  # type: ignore[override]  # click has a class attribute there
        """The exit code of the command."""
        return int(self._code)


def passphrases_of(path: Path | None) -> Passphrases:
    """Return what opens key files: the passphrases of a file, else those of this machine."""
    return Passphrases.of_file(path) if path is not None else Passphrases.of_machine()


def told(function: Callable[P, R]) -> Callable[P, R]:
    """Let a verb's OperatorError become its message and exit code."""

    @functools.wraps(function)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except OperatorError as error:
            raise Failure(error) from None

    return wrapped


def print_json(value: Any) -> None:
    """Print a value as JSON, Ukrainian letters as they are."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=1))


def qr(text: str) -> str:
    """Draw a QR code in half blocks, for a terminal of 80 columns."""
    drawn = io.StringIO()
    segno.make_qr(text, error="l").terminal(drawn, compact=True)
    return drawn.getvalue().rstrip("\n")


def at(second: int | None) -> str:
    """Write a Unix second for people: UTC, so that two places read the same."""
    if second is None:
        return "-"
    try:
        return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    except (OverflowError, ValueError, OSError):
        return str(second)


def place(area: Answer) -> str:
    """Write an area for people: its names and its number."""
    return f"{area['uk']} / {area['en']} ({area['id']})"


def plain(text: str) -> str:
    """Make text from messages safe for a terminal: no control characters."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
