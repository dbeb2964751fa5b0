"""Which bodies their addressees say they have.

A message that is meant for one key names it in clear: the first field of a sealed body is the
key's hint, 8 bytes. Only a receipt that this key signed counts. It makes the body the first to go
once a day is over, for copies elsewhere may still be needed until then, and it deletes nothing
else: the id stays in the reconciled set, so that nobody sends the body again.
"""

from collections.abc import Callable, Iterator

from holub_crypto.identity import key_hint
from holub_protocol.holdings import Holdings
from holub_protocol.kinds.receipt import ReceiptBody
from holub_protocol.kinds.sealed import SealedBody
from holub_protocol.limits import RECEIPT_AGE_S, RECEIPTED_IDS
from holub_protocol.message import Message, Now
from holub_protocol.storage import State


def addressee(message: Message) -> bytes | None:
    """Return the hint of the key that a message is for, None if it is for nobody in particular."""
    return message.body.service if isinstance(message.body, SealedBody) else None


class Receipts:
    """What receipts say; whether they count is looked at when room is needed."""

    def __init__(self, holdings: Holdings, read: Callable[[bytes], Message | None]) -> None:
        """`read` returns a held message."""
        self._holdings, self._read = holdings, read
        self._said: dict[bytes, dict[bytes, bytes]] = {}

    def __len__(self) -> int:
        """How many ids receipts speak of."""
        return len(self._said)

    def heard(self, receipt: bytes, signer: bytes, body: ReceiptBody) -> None:
        """Learn of a receipt, by its id and who signed it."""
        hint = key_hint(signer)
        for id_ in body.ids:
            self._said.setdefault(id_, {})[hint] = receipt
        while len(self._said) > RECEIPTED_IDS:
            del self._said[next(iter(self._said))]

    def delivered(self, now: Now) -> Iterator[bytes]:
        """Yield the held messages that their addressee has said for a day that it has."""
        for start, said in list(self._said.items()):
            ripe = [hint for hint, receipt in said.items() if self._is_ripe(receipt, now)]
            id_ = self._holdings.find(start) if ripe else None
            if id_ is None or self._holdings.state(id_) is not State.HELD:
                continue
            message = self._read(id_)
            if message is not None and addressee(message) in ripe:
                yield id_

    def _is_ripe(self, receipt: bytes, now: Now) -> bool:
        """Whether a receipt is a day old, and still known."""
        known = receipt in self._holdings
        return known and self._holdings.age_s(receipt, now) >= RECEIPT_AGE_S
