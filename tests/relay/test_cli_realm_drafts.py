"""What the ceremony's commands share: which file is which, and what people are told of it."""

from pathlib import Path

import pytest

from holub_relay.ceremony import Request
from holub_relay.cli.realm import drafts
from holub_relay.errors import OperatorError
from support_ceremony import Ceremony, joined_by
from support_relay import ok


def test_files_are_told_apart(tmp_path: Path) -> None:
    """A request, a charter, a bundle and a signature are each known by their content."""
    ceremony = Ceremony(tmp_path)
    request = tmp_path / "charter-1.request"
    signature = tmp_path / "charter-1.fire.signature"
    assert isinstance(drafts.read_draft(request), Request)
    chain = drafts.read_draft(ceremony.first)
    assert not isinstance(chain, Request)
    ok("export", tmp_path / "b.holub", "--data", joined_by(ceremony.first, tmp_path / "a"))
    assert drafts.read_draft(tmp_path / "b.holub") == chain
    assert drafts.current(chain) == drafts.current(drafts.read_draft(request))
    for file, told in (
        (signature, "is a signature: name the request"),
        (tmp_path / "fire.key", "fire.key is no chain of charters"),
        (tmp_path / "none", "can't read"),
    ):
        with pytest.raises(OperatorError, match=told):
            drafts.read_draft(file)
    with pytest.raises(OperatorError, match="signed already, not a request"):
        drafts.read_request(ceremony.first)


def test_who_has_signed_is_counted(tmp_path: Path) -> None:
    """One of two: the one and the two that may still; two of two: enough."""
    Ceremony(tmp_path)
    request = drafts.read_request(tmp_path / "charter-1.request")
    one, two = drafts.read_signatures(tuple(sorted(tmp_path.glob("*.signature"))))
    head, *rest = drafts.quorum_lines(request, (one,))
    assert head == "signed  1 of 2 needed of the realm's root keys"
    assert [line.split()[0] for line in rest] == ["signed", "may", "may"]
    head, *rest = drafts.quorum_lines(request, (one, two, two))
    assert head.endswith("enough")
    assert len(rest) == 2
    assert drafts.view(request, (one, two))["complete"]
