"""The receipt: an addressee says which messages it has, so that relays need not keep them."""

from dataclasses import dataclass

from holub_crypto import cbor
from holub_protocol.kinds.fields import check_ascending
from holub_protocol.message import BodyError

RECEIPT_IDS = 32
"""Ids in one receipt: 19 bytes each with what the message around them costs."""

RECEIPT_ID_BYTES = 16
"""First bytes of an id: 2^64 steps to make two messages that meet in them."""


@dataclass(frozen=True, slots=True)
class ReceiptBody:
    """The body of a receipt: `[ids]`, the first 16 bytes of each, strictly ascending."""

    ids: tuple[bytes, ...]

    @classmethod
    def from_wire(cls, fields: tuple[cbor.Value, ...]) -> "ReceiptBody":
        """Read the fields; raises BodyError naming what is wrong."""
        if len(fields) != 1:
            raise BodyError(f"a receipt has 1 field, not {len(fields)}")
        try:
            ids = tuple(
                cbor.as_bytes(item, RECEIPT_ID_BYTES, RECEIPT_ID_BYTES)
                for item in cbor.as_tuple(fields[0])
            )
        except cbor.CborError as error:
            raise BodyError(f"receipt: {error}") from None
        if not ids:
            raise BodyError("receipt: no ids")
        check_ascending("receipt ids", ids, RECEIPT_IDS)
        return cls(ids)

    def to_wire(self) -> tuple[cbor.Value, ...]:
        """Return the one field."""
        return (self.ids,)


def receipt_of(ids: tuple[bytes, ...]) -> ReceiptBody:
    """Return the body that acknowledges up to 32 messages by their whole ids."""
    return ReceiptBody(tuple(sorted({id_[:RECEIPT_ID_BYTES] for id_ in ids})))
