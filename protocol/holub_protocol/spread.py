"""Chosen: which neighbours get a new message at once, and which hear of it."""

from collections.abc import Iterable

from holub_protocol.kinds import Class
from holub_protocol.limits import PUSH_BYTES
from holub_protocol.message import Now
from holub_protocol.session import Session
from holub_protocol.storage import Row


def spread(sessions: Iterable[Session], row: Row, link: int, push_links: int, now: Now) -> None:
    """Pass on a message that has just been taken in from `link`.

    What is urgent goes to every neighbour at once, another small message to `push_links` of
    them and its id to the rest; reconciliation heals whatever that missed. The id draws who
    comes first, so that no neighbour is always among the last.
    """
    cls = Class(row.cls)
    live = [session for session in sessions if session.sync is not None]
    start = row.id[0] % len(live) if live else 0
    pushes = 0
    for session in live[start:] + live[:start]:
        assert session.sync is not None
        push = cls <= Class.ALERT or (row.size_bytes <= PUSH_BYTES and pushes < push_links)
        if session.link == link:
            session.sync.changed(cls, received=True, now=now)
        elif session.sync.offer(row.id, cls, push, now):
            pushes += push
