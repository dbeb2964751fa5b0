"""A registrar's word on lost keys: revoking one, and vouching for the list of those revoked.

A revocation is a message and reaches every relay before any other; a new charter takes several
people and is final (see holub_relay.ceremony). Whoever keeps a registrar's key has both.
"""

import logging
from typing import Final, Protocol

import trio

from holub_crypto.charter import EVERYWHERE
from holub_crypto.identity import PUBLIC_BYTES, Identity
from holub_protocol.holdings import CHARTER
from holub_protocol.kinds import Class, kind_named
from holub_protocol.kinds.revoke import KEEP_MAX, RevokeBody
from holub_protocol.kinds.trustboard import TrustBoardBody, revocations_digest
from holub_protocol.message import Message, Now
from holub_protocol.realm import REVOCATION_LIFETIME_S, revocation
from holub_protocol.storage import Row, State
from holub_relay.asking import Answer, Request
from holub_relay.errors import Exit, OperatorError
from holub_relay.station import Station

TRUST_BOARD_LIFETIME_S: Final = 30 * 86_400
"""An old list is shown as old, and not as none. A newer one replaces it."""

TRUST_BOARD_DUE_S: Final = 3600
"""A trust board promises the next within an hour: a relay that runs with a registrar's key signs
one every half of that, and an off-line registrar's list is shown as late, which it is."""

TRUST_LOOK_S: Final = 10.0
"""How soon after a change of the list the next trust board is signed."""

SIGNERS: Final = ("registrar", "desk", "node")

_log = logging.getLogger(__name__)


class Asking(Protocol):
    """What answers requests (see holub_relay.driver.Driver)."""

    station: Station

    async def request(self, request: Request) -> Answer:
        """Answer one; what it published is committed by then."""


async def keep_vouching(driver: Asking) -> None:
    """Sign a trust board on every change of the list, and in time before the last one is late, for
    as long as this machine has a registrar's key and a clock that is vouched for."""
    station = driver.station
    last: tuple[int, tuple[bytes, ...]] | None = None
    next_s = 0.0
    while station.registrar is not None:
        node = station.node
        list_ = (node.trust.charter.version, tuple(sorted(node.revocations())))
        due = list_ != last or trio.current_time() >= next_s
        if due and station.now().reliable:
            answer = await driver.request({"do": "vouch"})
            last, next_s = list_, trio.current_time() + TRUST_BOARD_DUE_S / 2
            if "error" in answer:
                _log.warning("no trust board: %s", answer["error"])
        await trio.sleep(TRUST_LOOK_S)


def revoke(station: Station, request: Request) -> Answer:
    """{"key", "since_s", "by", "confirm"}: revoke a key. Of what it has said stays what had reached
    this machine before `since_s` (Unix time), nothing without that."""
    station.check_clock(bool(request.get("confirm")))
    key = _key(request.get("key"))
    signer = _signer(station, request.get("by"), key)
    since_s = request.get("since_s")
    if since_s is not None and (type(since_s) is not int or not 0 <= since_s <= 2**32 - 1):
        raise OperatorError(f"since_s {since_s!r} is no Unix time", Exit.USAGE)
    kept, left_out = _kept(station, key, since_s or 0)
    point = max(((row.created_s, row.k) for row in kept), default=(0, 0))
    body = RevokeBody(revocation(key, point, (row.id for row in kept)))
    now = station.now()
    message = station.node.publish(
        signer.public, kind_named("revoke"), EVERYWHERE, body, REVOCATION_LIFETIME_S, now
    )
    board = vouch(station, now) if signer is station.registrar else None
    return {
        "id": message.id.hex(),
        "key": key.hex(),
        "by": signer.public.hex(),
        "kept": len(kept),
        "left_out": left_out,
        "trust_board": board.id.hex() if board is not None else None,
    }


def answer_vouch(station: Station, request: Request) -> Answer:
    """{"confirm"}: sign a trust board now."""
    station.check_clock(bool(request.get("confirm")))
    board = vouch(station, station.now())
    assert isinstance(board.body, TrustBoardBody)
    return {
        "id": board.id.hex(),
        "charter": board.body.charter,
        "revocations": board.body.count,
        "next_due_s": board.created_s + board.body.next_due_s,
    }


def vouch(station: Station, now: Now) -> Message:
    """Sign a trust board of the charter and revocations that stand here."""
    if station.registrar is None:
        raise OperatorError(
            f"there is no registrar key in {station.data_dir / 'keys'}: trust boards are signed on "
            "the machine that holds registrar.key"
        )
    ids = station.node.revocations()
    body = TrustBoardBody(
        charter=station.node.trust.charter.version,
        count=len(ids),
        digest=revocations_digest(ids),
        next_due_s=TRUST_BOARD_DUE_S,
    )
    kind = kind_named("trust-board")
    return station.node.publish(
        station.registrar.public, kind, EVERYWHERE, body, TRUST_BOARD_LIFETIME_S, now
    )


def _key(text: object) -> bytes:
    try:
        key = bytes.fromhex(str(text))
    except ValueError:
        key = b""
    if len(key) != PUBLIC_BYTES:
        raise OperatorError(f"{text!r} is no public key of 64 hexadecimal digits", Exit.USAGE)
    return key


def _signer(station: Station, by: object, key: bytes) -> Identity:
    """Choose the key that revokes: the one named, else the registrar's, else the lost key."""
    own = {"registrar": station.registrar, "desk": station.desk, "node": station.identity}
    if by is not None:
        signer = own.get(str(by))
        if signer is None:
            there = ", ".join(name for name, identity in own.items() if identity is not None)
            raise OperatorError(f"--by {by}: this machine's keys are {there}", Exit.USAGE)
        return signer
    if station.registrar is not None:
        return station.registrar
    for identity in (station.desk, station.identity):
        if identity is not None and identity.public == key:
            return identity
    raise OperatorError(
        f"there is no registrar key in {station.data_dir / 'keys'}, and the key to revoke is none "
        "of this machine's; only who has granted a key, or has it, revokes it (--by desk, if this "
        "desk granted it)"
    )


def _kept(station: Station, key: bytes, since_s: int) -> tuple[list[Row], int]:
    """Return what of a key stays, and how many more would but for the bound of a message.

    A thief may date a message as it likes, but not when it came here: what counts is the arrival,
    by this machine's clock. The gravest classes first, in each the newest.
    """
    holdings = station.node.holdings
    rows = [holdings.row(id_) for cls in Class for id_ in holdings.held_ids(cls)]
    stays = [
        row
        for row in rows
        if row.signer == key
        and row.kind != CHARTER
        and row.state is State.HELD
        and max(row.received_s, row.created_s) < since_s
    ]
    stays.sort(key=lambda row: (row.cls, -row.created_s, -row.k, row.id))
    return stays[:KEEP_MAX], max(0, len(stays) - KEEP_MAX)
