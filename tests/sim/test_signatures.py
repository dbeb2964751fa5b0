"""The shared memo of verifications answers as Ed25519 does."""

from holub_sim.signatures import Verifications
from support_realm import key


def test_the_memo_answers_as_the_real_one_and_asks_it_once() -> None:
    """Good and bad signatures keep their answers; repeats compute nothing."""
    verify, signer = Verifications(), key("signer")
    good = signer.sign(b"text")
    bad = good[:40] + bytes([good[40] ^ 1]) + good[41:]
    for _ in range(3):
        assert verify(signer.public, b"text", good)
        assert not verify(signer.public, b"text", bad)
        assert not verify(signer.public, b"other", good)
        assert not verify(key("other").public, b"text", good)
    assert (verify.asked, verify.computed) == (12, 4)
