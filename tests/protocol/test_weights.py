"""Who takes how many bytes, as they come and go."""

from holub_protocol.kinds import Class
from holub_protocol.weights import Speaker, Weights, source_number


def test_alerts_count_by_authority_and_key() -> None:
    """The heaviest key is sought in the heaviest authority, though a lighter one's key may be
    heavier, and who has nothing left is not known any more."""
    weights = Weights()
    for authority, signer, count in ((1, 7, 300), (1, 8, 400), (2, 9, 600)):
        weights.charge(Class.ALERT, authority, signer, count)
    assert weights.alerts_bytes == 1300
    assert weights.heaviest_authority() == 1
    assert weights.heaviest_key(1) == Speaker(1, 8)
    weights.charge(Class.ALERT, 1, 8, -400)
    assert weights.heaviest_authority() == 2
    assert weights.heaviest_key(1) == Speaker(1, 7)
    weights.charge(Class.ALERT, 1, 7, -300)
    weights.charge(Class.ALERT, 2, 9, -600)
    assert (weights.heaviest_authority(), weights.heaviest_key(1)) == (0, None)
    assert weights.alerts_bytes == 0


def test_below_alerts_a_source_and_its_signer_count_both() -> None:
    """A desk's notices count for its authority and for itself, a relay's once; neither an alert
    nor a grant counts here."""
    weights = Weights()
    weights.charge(Class.OFFICIAL, 3, 7, 100)
    weights.charge(Class.OFFICIAL, 3, 8, 10)
    weights.charge(Class.PEOPLE, 0, 9, 5)
    for cls in (Class.ALERT, Class.GRANT):
        weights.charge(cls, 3, 7, 1000)
    assert weights.of_source(source_number(3, 7)) == 110
    assert weights.of_source(source_number(0, 7)) == 100
    assert weights.of_source(source_number(0, 9)) == 5
    assert weights.of_alerts(Speaker(3, 7)) == 1000
    assert (weights.of_trust(Class.GRANT, 7), weights.of_trust(Class.TRUST, 7)) == (1000, 0)
