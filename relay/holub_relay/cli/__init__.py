"""The `holub` command. One verb is one file here; the simulator joins by an entry point."""

import sys


def main() -> None:
    """Run the command; without the extra that it needs, say in one line what to install."""
    try:
        from holub_relay.cli.root import holub  # noqa: PLC0415 -- click comes with the extras
    except ModuleNotFoundError as error:
        if error.name is not None and error.name.startswith("holub"):
            raise
        sys.exit(f"holub: {error.name} is missing; run: pip install 'holub[relay]'")
    holub()
