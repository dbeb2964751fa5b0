"""`holub join-code`: text and QR code of a running relay, which `--peer` takes."""

from pathlib import Path

import pytest

from holub_relay.cli.shared import qr
from holub_relay.discovery import joincode
from support_relay import daemon, joined, made, ok, ok_json, run


@pytest.mark.slow
def test_a_code_joins_two_relays(tmp_path: Path) -> None:
    """Printed with the realm's words; another relay given the code links without discovery, and
    one of another realm is told why it can't."""
    a = made(tmp_path)
    b = joined(tmp_path, a)
    other = made(tmp_path, "other")
    with daemon(a, "--no-discovery") as first:
        answer = ok_json("join-code", "--data", a)
        text = ok("join-code", "--data", a)
        assert answer["code"] in text.splitlines()
        assert answer["fingerprint"] in text
        assert joincode.decode(answer["code"]).key.hex() == first.status()["key"]
        with daemon(b, "--no-discovery", "--peer", answer["code"]) as second:
            second.wait_for(lambda: [link for link in second.status()["links"] if link["live"]])
        result = run("relay", "--data", other, "--listen", "127.0.0.1:0", "--page", "off",
                     "--peer", answer["code"])  # fmt: skip
        assert result.exit_code == 1
        assert "of another realm" in result.output


def test_without_a_relay_there_is_no_port_to_tell(tmp_path: Path) -> None:
    """The error names the remedy, and the exit code that nothing was found."""
    result = run("join-code", "--data", made(tmp_path))
    assert result.exit_code == 3
    assert "start it with `holub relay`" in result.output


def test_a_qr_code_fits_a_terminal() -> None:
    """Four addresses of IPv6 and a gate key make at most 80 columns, quiet zone included."""
    hosts = tuple(f"2001:db8::{number}" for number in range(4))
    code = joincode.encode(joincode.JoinCode(bytes(16), bytes(32), 65_535, hosts, bytes(32)))
    drawn = qr(code).splitlines()
    assert max(map(len, drawn)) <= 80
    assert len(drawn) <= 40
