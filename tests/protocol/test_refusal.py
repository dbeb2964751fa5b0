"""Reasons: numbers that never change, and which of them are for good."""

from holub_protocol.refusal import Refusal


def test_what_is_for_good() -> None:
    """Only reasons that time, trust or room can lift are for now."""
    assert {refusal.token for refusal in Refusal if not refusal.final} == {
        "unknown-signer", "future", "quota", "full", "charter-ahead",
        "role", "kind", "hazard", "area", "grant-ended",
    }  # fmt: skip


def test_what_a_grant_decides_waits_for_grants() -> None:
    """An alert may overtake its grant: whatever another grant could allow is parked."""
    assert {refusal.token for refusal in Refusal if refusal.awaits_grant} == {
        "unknown-signer", "role", "kind", "hazard", "area", "grant-ended",
    }  # fmt: skip


def test_tokens_are_names() -> None:
    """A token is fit for a label of a metric, and no two reasons share it."""
    tokens = [refusal.token for refusal in Refusal]
    assert len(set(tokens)) == len(tokens)
    assert all(token.replace("-", "").isalpha() and token.islower() for token in tokens)
    assert Refusal.BAD_SIGNATURE.token == "bad-signature"
