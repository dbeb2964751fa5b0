"""The page that any phone's browser shows, and what monitoring reads: no app, no internet."""

from holub_relay.page.serve import serve
from holub_relay.page.state import PageState, StoreStats, Ticks

__all__ = ["PageState", "StoreStats", "Ticks", "serve"]
