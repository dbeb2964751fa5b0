"""Holub's messages, trust and node: no input or output, no clock, no entropy."""

__version__ = "0.1.0"
