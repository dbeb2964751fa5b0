"""`python -m holub_relay` is the `holub` command."""

from holub_relay.cli import main

main()
