"""What the person at the keyboard did wrong, or can't do here: a text and an exit code."""

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes of the `holub` command."""

    OK = 0
    FAILED = 1
    USAGE = 2
    NOT_FOUND = 3
    BUSY = 4


class OperatorError(Exception):
    """Something was refused; the text names the value and the remedy."""

    def __init__(self, text: str, code: Exit = Exit.FAILED) -> None:
        """`code` becomes the exit code of the command."""
        super().__init__(text)
        self.code = code
