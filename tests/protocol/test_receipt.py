"""The receipt's body: its one accepted form."""

import pytest

from holub_crypto.cbor import Value
from holub_protocol.kinds.receipt import ReceiptBody, receipt_of
from holub_protocol.message import BodyError

IDS = tuple(bytes((number,)) * 32 for number in range(40))


def test_it_comes_back_as_it_was_said() -> None:
    """Ids are cut to 16 bytes, sorted, each once."""
    body = receipt_of((IDS[5], IDS[2], IDS[5]))
    assert body.ids == (IDS[2][:16], IDS[5][:16])
    assert ReceiptBody.from_wire(body.to_wire()) == body


@pytest.mark.parametrize(
    "fields",
    [
        (),
        ((),),
        (7,),
        ((b"short",),),
        ((IDS[2][:16], IDS[1][:16]),),
        (tuple(id_[:16] for id_ in IDS[:33]),),
        ((IDS[1][:16],), 0),
    ],
)
def test_other_forms_are_refused(fields: tuple[Value, ...]) -> None:
    """No ids, too many, out of order, of another length, or further fields."""
    with pytest.raises(BodyError, match="receipt"):
        ReceiptBody.from_wire(fields)
