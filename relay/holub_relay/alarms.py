"""What people must look into, as status, log and page tell it."""

from typing import Any, Final

from holub_crypto.charter import decode, fingerprint
from holub_crypto.trust import Trust
from holub_relay.changes import named
from holub_relay.config import join_address
from holub_relay.twins import Twin

FORKED: Final = "charter-forked"
TWIN: Final = "duplicate-key"

Alarm = dict[str, Any]


def forks(trust: Trust) -> tuple[Alarm, ...]:
    """Return the alarm of charters that compete, if there are any."""
    rivals = [decode(raw).charter for raw in trust.forks]
    if not rivals:
        return ()
    said = [
        f"version {rival.version} ({fingerprint(trust.realm_id, rival.content_id(trust.realm_id))})"
        for rival in rivals
    ]
    text = (
        f"charters compete: {' and '.join(said)}; this relay stays on version "
        f"{trust.charter.version}. Ask the holders of the root keys which one is theirs, then "
        "`holub realm pin` it and restart"
    )
    return ({"token": FORKED, "text": text},)


def duplicate(twin: Twin) -> Alarm:
    """Return the alarm of a key on two machines; it names both addresses."""
    first, second = (join_address(*address) for address in twin.addresses)
    if twin.own:
        said = (
            f"another machine has this relay's key: this one is at {first}, the other at {second}. "
            "The data directory was copied or stolen: stop one of them and set it up anew with "
            "`holub init`; if the other is not yours, have the key revoked"
        )
    else:
        said = (
            f"key {named(twin.key)} is on two machines, at {first} and {second}: tell whoever "
            "looks after that relay, or have the key revoked"
        )
    return {
        "token": TWIN,
        "text": said,
        "key": twin.key.hex(),
        "addresses": [first, second],
        "own": twin.own,
    }
