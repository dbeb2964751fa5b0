"""People with root keys, and the commands by which they found a realm and change its charter."""

from pathlib import Path
from typing import Any

from support_relay import ok, ok_json

HOLDERS = ("mayor", "fire", "power")


class Ceremony:
    """Files of a ceremony in one folder. Keys have no passphrase, so that a test is fast."""

    def __init__(self, folder: Path) -> None:
        """Make three root keys and a registrar's, and found a realm that two of three change."""
        self.folder = folder
        self.public = {name: self.key(name) for name in (*HOLDERS, "registrar")}
        roots = [word for name in HOLDERS for word in ("--root", self.public[name])]
        request = self.request(
            "init", "--name", "Nova", "--threshold", "2", *roots,
            "--registrar", self.public["registrar"], "--out", folder / "charter-1.request",
        )  # fmt: skip
        self.first = self.signed(request, "mayor", "fire")

    def key(self, name: str) -> str:
        """Make a key file; return the public half."""
        made = ok_json("key", "new", self.folder / f"{name}.key", "--no-passphrase")
        return str(made["public"])

    def request(self, verb: str, *words: str | Path) -> Path:
        """Make or amend a request; return its file."""
        return Path(ok_json("realm", verb, *words)["file"])

    def sign(self, request: Path, name: str) -> Path:
        """Sign a request with one holder's key; return the signature's file."""
        answer: Any = ok_json(
            "realm", "sign", request, "--key", self.folder / f"{name}.key", "--yes"
        )
        return Path(answer["file"])

    def signed(self, request: Path, *names: str, out: str = "") -> Path:
        """Sign a request with these keys and combine; return the charter's file."""
        signatures = [self.sign(request, name) for name in names]
        to = ("--out", self.folder / out) if out else ()
        return Path(ok_json("realm", "combine", request, *signatures, *to)["file"])

    def rotated(self, out: str = "", *names: str) -> Path:
        """Put another key in power's place; return the charter's file."""
        name = f"water{out.partition('.')[0]}"
        draft = ("--out", self.folder / f"{out}.request") if out else ()
        request = self.request(
            "rotate", self.first, "--drop", self.public["power"], "--add", self.key(name), *draft
        )
        return self.signed(request, *(names or ("mayor", "fire")), out=out)

    def words(self, file: Path) -> str:
        """Return the fingerprint of a request or charter."""
        return str(ok_json("realm", "verify", file)["fingerprint"])


def joined_by(charter: Path, data: Path, *options: str | Path) -> Path:
    """Join a realm; small, so that a test costs no 4 MiB of ballast."""
    ok("init", "--clock", "host", "--data", data, "--join", charter, *options)
    with (data / "config.toml").open("a") as config:
        config.write("store_mib = 8\n")
    return data
