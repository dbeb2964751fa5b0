"""`holub realm sign` and `combine`: read, confirmed, signed, and enough of it."""

from pathlib import Path

from support_ceremony import Ceremony
from support_relay import ok, run


def test_a_holder_reads_before_signing(tmp_path: Path) -> None:
    """The changes and words come first; anything but a typed yes signs nothing."""
    ceremony = Ceremony(tmp_path)
    out = tmp_path / "r.request"
    ok("realm", "rotate", ceremony.first, "--threshold", "3", "--out", out)
    for answer in ("no\n", "y\n"):
        result = run("realm", "sign", out, "--key", tmp_path / "fire.key", stdin=answer)
        assert "3 of 3 root keys sign what comes after; it was 2 of 3" in result.output
        assert ceremony.words(out) in result.output
        assert (result.exit_code, "not signed" in result.output) == (1, True)
    assert not list(tmp_path.glob("r.*signature"))
    assert run("realm", "sign", out, "--key", tmp_path / "fire.key", stdin="yes\n").exit_code == 0
    assert (tmp_path / "r.fire.signature").exists()
    again = run("realm", "sign", out, "--key", tmp_path / "fire.key", "--yes")
    assert "exists already" in again.output


def test_a_strangers_key_is_refused_before_its_passphrase(tmp_path: Path) -> None:
    """Whoever is no holder is told at once, with the keys that are."""
    Ceremony(tmp_path)
    result = run("realm", "sign", tmp_path / "charter-1.request", "--key",
                 tmp_path / "registrar.key", "--yes")  # fmt: skip
    assert "is no root key of version 1" in result.output


def test_a_signature_can_be_scanned(tmp_path: Path) -> None:
    """`--qr` draws all of it."""
    Ceremony(tmp_path)
    text = ok("realm", "sign", tmp_path / "charter-1.request", "--key", tmp_path / "power.key",
              "--yes", "--qr")  # fmt: skip
    assert "█" in text


def test_too_few_make_no_charter(tmp_path: Path) -> None:
    """Whose signature is missing is said; with it the chain is written once."""
    ceremony = Ceremony(tmp_path)
    request = ceremony.request("rotate", ceremony.first, "--drop", ceremony.public["power"],
                               "--add", ceremony.key("water"))  # fmt: skip
    few = [ceremony.sign(request, name) for name in ("mayor", "water")]
    result = run("realm", "combine", request, *few)
    assert "1 more of the old root keys must sign version 2: 1 of 2 have" in result.output
    text = ok("realm", "combine", request, *few, ceremony.sign(request, "fire"))
    assert str(tmp_path / "charter-2.cbor") in text
    assert ceremony.words(tmp_path / "charter-2.cbor") in text
    charter = run("realm", "combine", tmp_path / "charter-2.cbor", *few)
    assert "signed already, not a request" in charter.output
