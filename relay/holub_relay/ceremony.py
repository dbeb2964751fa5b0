"""A new charter, signed by several people: a request goes out, signatures come back.

Nothing here needs a realm's data directory, a network or a running relay. A request is one file
with the charters so far and the next one without signatures. Each root key's holder reads what it
would change and signs it, where the key is; a signature is a few lines of text. Whoever has enough
of them combines them into a chain, which relays pin and pass on. The fingerprint of a request is
that of the charter it becomes, so the words that the holders compare are those that relays pin.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from holub_crypto import cbor, cose
from holub_crypto.charter import CHAIN_MAX, Charter, CharterError, decode, fingerprint, split
from holub_crypto.cose import join_signatures, sign_content
from holub_crypto.digest import ID_BYTES
from holub_crypto.identity import PUBLIC_BYTES, SIGNATURE_BYTES, Identity, key_hint, verify
from holub_crypto.trust import Trust
from holub_relay.changes import named
from holub_relay.errors import Exit, OperatorError
from holub_relay.limits import CHAIN_BYTES

REQUEST_BYTES_MAX: Final = CHAIN_BYTES + 8192
SIGNATURE_FILE_BYTES_MAX: Final = 1024
"""A signature's file has under 400 bytes; a wrong path is not read to its end."""

_REQUEST: Final = "holub request 1"
_SIGNATURE: Final = "holub signature 1"


@dataclass(frozen=True, slots=True)
class Signature:
    """What one root key signed: the id of a charter, the key, and the 64 bytes."""

    charter_id: bytes
    key: bytes
    signature: bytes

    def encode(self) -> str:
        """Write it as text for a file, a letter or a QR code."""
        return (
            f"{_SIGNATURE}\ncharter {self.charter_id.hex()}\nkey {self.key.hex()}\n"
            f"signature {self.signature.hex()}\n"
        )


@dataclass(frozen=True, slots=True)
class Quorum:
    """How many of whose root keys have to sign, who has, and who may still."""

    whose: str
    threshold: int
    signed: tuple[bytes, ...]
    missing: tuple[bytes, ...]

    @property
    def met(self) -> bool:
        """Whether enough have signed."""
        return len(self.signed) >= self.threshold


@dataclass(frozen=True, slots=True)
class Request:
    """A charter that wants signatures, and the signed ones before it (none for version 1)."""

    chain: tuple[bytes, ...]
    charter: Charter

    @property
    def before(self) -> Charter | None:
        """The version that it follows; None where it founds a realm."""
        return decode(self.chain[-1]).charter if self.chain else None

    @property
    def realm_id(self) -> bytes:
        """The realm's id: that of version 1."""
        first = decode(self.chain[0]).charter if self.chain else self.charter
        return first.content_id(b"")

    @property
    def charter_id(self) -> bytes:
        """The id that the charter will have, whoever signs it."""
        return self.charter.content_id(self.realm_id)

    @property
    def words(self) -> str:
        """The fingerprint that the charter will have."""
        return fingerprint(self.realm_id, self.charter_id)

    def encode(self) -> bytes:
        """Write it for a file."""
        return cbor.encode((_REQUEST, self.chain, self.charter.payload()))

    def signers(self) -> tuple[bytes, ...]:
        """Return the root keys that may sign it: those of the version before and its own."""
        before = self.before
        return tuple(dict.fromkeys((*(before.roots if before else ()), *self.charter.roots)))

    def sign(self, identity: Identity) -> Signature:
        """Sign it; OperatorError where the key is none of those that may."""
        self.check_signer(identity.public)
        content = self._content(identity.public)
        return Signature(self.charter_id, identity.public, identity.sign(content))

    def check_signer(self, key: bytes) -> None:
        """Raise OperatorError where a key is none of those that may sign."""
        if key not in self.signers():
            raise OperatorError(
                f"key {named(key)} is no root key of version {self.charter.version} or of the one "
                f"before; those are: {', '.join(map(named, self.signers()))}"
            )

    def quorums(self, signatures: Iterable[Signature]) -> tuple[Quorum, ...]:
        """Return what is needed and what is there; OperatorError for a signature that is none."""
        keys = tuple(dict.fromkeys(self._checked(signature).key for signature in signatures))
        before = self.before
        sides = [("realm's", self.charter)]
        if before is not None and (before.roots, before.threshold) != (
            self.charter.roots,
            self.charter.threshold,
        ):
            sides = [("old", before), ("new", self.charter)]
        return tuple(
            Quorum(
                whose,
                charter.threshold,
                tuple(key for key in charter.roots if key in keys),
                tuple(key for key in charter.roots if key not in keys),
            )
            for whose, charter in sides
        )

    def combine(self, signatures: Iterable[Signature]) -> bytes:
        """Return the chain with the new charter at its end; OperatorError says who is missing."""
        signatures = tuple(signatures)
        for quorum in self.quorums(signatures):
            if not quorum.met:
                more = quorum.threshold - len(quorum.signed)
                raise OperatorError(
                    f"{more} more of the {quorum.whose} root keys must sign version "
                    f"{self.charter.version}: {len(quorum.signed)} of {quorum.threshold} have; any "
                    f"of {', '.join(map(named, quorum.missing))}"
                )
        pairs = {s.key: (key_hint(s.key), s.signature) for s in signatures}
        raw = join_signatures(self.charter.payload(), tuple(pairs.values()))
        chain = b"".join((*self.chain, raw))
        read_chain(chain, "what was combined")
        return chain

    def _checked(self, signature: Signature) -> Signature:
        shown = named(signature.key)
        if signature.charter_id != self.charter_id:
            raise OperatorError(
                f"the signature by {shown} is for another charter than this request of version "
                f"{self.charter.version}, perhaps for an earlier draft: ask for a new one"
            )
        if signature.key not in self.signers():
            raise OperatorError(f"the signature by {shown} is by no root key of this request")
        if not verify(signature.key, self._content(signature.key), signature.signature):
            raise OperatorError(f"the signature by {shown} is wrong: it was damaged or forged")
        return signature

    def _content(self, key: bytes) -> bytes:
        external = self.charter.external(self.realm_id)
        return sign_content(key_hint(key), external, self.charter.payload())


def following(source: "Request | tuple[bytes, ...]", created_s: int, **changes: Any) -> Request:
    """Return a request for the version after a chain, or an amended request, with `changes` to
    the fields of its charter. Raises OperatorError where no charter may be so."""
    try:
        if isinstance(source, Request):
            charter = replace(source.charter, created_s=created_s, **changes)
            return _fitting(Request(source.chain, charter))
        if len(source) >= CHAIN_MAX:
            raise OperatorError(f"a chain has at most {CHAIN_MAX} versions: found a new realm")
        last = decode(source[-1]).charter
        realm_id = decode(source[0]).charter.content_id(b"")
        charter = replace(
            last,
            version=last.version + 1,
            created_s=created_s,
            previous=last.content_id(realm_id),
            **changes,
        )
        return _fitting(Request(source, charter))
    except CharterError as error:
        raise OperatorError(f"no charter may be so: {error}", Exit.USAGE) from None


def founding(charter: Charter) -> Request:
    """Return the request for a realm's first charter."""
    return _fitting(Request((), charter))


def _fitting(request: Request) -> Request:
    """Sign by a key that nobody has, as by every root: what no relay would read is told now."""
    nobody = (bytes(8), bytes(SIGNATURE_BYTES))
    raw = join_signatures(request.charter.payload(), (nobody,) * len(request.signers()))
    try:
        decode(raw)
    except CharterError as error:
        raise OperatorError(f"no charter may be so: {error}", Exit.USAGE) from None
    return request


class Relation(StrEnum):
    """How a chain stands to one that is trusted."""

    SAME = "same"
    NEWER = "newer"
    OLDER = "older"
    RIVAL = "rival"


def relation(trusted: tuple[bytes, ...], chain: tuple[bytes, ...]) -> Relation | None:
    """Compare two verified chains; None where they are of different realms."""
    ours, theirs = charter_ids(trusted), charter_ids(chain)
    common = sum(a == b for a, b in zip(ours, theirs, strict=False))
    if not common:
        return None
    if common == len(ours):
        return Relation.SAME if common == len(theirs) else Relation.NEWER
    return Relation.OLDER if common == len(theirs) else Relation.RIVAL


def charter_ids(chain: tuple[bytes, ...]) -> list[bytes]:
    """Return the id of each version of a chain, ascending; the first is the realm's."""
    charters = [decode(raw).charter for raw in chain]
    return [charter.content_id(charters[0].content_id(b"")) for charter in charters]


# --- files --------------------------------------------------------------------------------------


def read_chain(raw: bytes, source: object) -> Trust:
    """Verify a chain; OperatorError names `source`."""
    try:
        return Trust(raw, lambda _scope, _area: False)
    except CharterError as error:
        raise OperatorError(f"{source} is no chain of charters: {error}") from None


def read_request(content: bytes, source: object) -> Request:
    """Read a request and verify the charters before it; OperatorError names `source`."""
    try:
        label, chain, payload = cbor.as_tuple(cbor.decode(content))
        if label != _REQUEST:
            raise CharterError("not a request of format 1")
        raws = tuple(cbor.as_bytes(raw, 1, CHAIN_BYTES) for raw in cbor.as_tuple(chain))
        unsigned = join_signatures(
            cbor.as_bytes(payload, 1, CHAIN_BYTES), ((bytes(8), bytes(SIGNATURE_BYTES)),)
        )
        request = Request(raws, decode(unsigned).charter)
        if raws and split(b"".join(raws)) != raws:
            raise CharterError("its charters are not one each")
    except (ValueError, cose.CoseError) as error:
        raise OperatorError(f"{source} is no request: {error}") from None
    last = read_chain(b"".join(raws), source).charter if raws else None
    follows = last.content_id(request.realm_id) if last else b""
    due = last.version + 1 if last else 1
    if (request.charter.version, request.charter.previous) != (due, follows):
        raise OperatorError(f"{source} is no request: its charter does not follow those before it")
    return request


def read_signature(content: bytes, source: object) -> Signature:
    """Read a signature's text; OperatorError names `source`."""
    try:
        lines = content.decode("ascii").split()
        label, number, version, *pairs = lines
        fields = dict(zip(pairs[::2], pairs[1::2], strict=True))
        found = Signature(
            bytes.fromhex(fields["charter"]),
            bytes.fromhex(fields["key"]),
            bytes.fromhex(fields["signature"]),
        )
    except (ValueError, KeyError):
        found, label, number, version = Signature(b"", b"", b""), "", "", ""
    sizes = (len(found.charter_id), len(found.key), len(found.signature))
    if f"{label} {number} {version}" != _SIGNATURE or sizes != (
        ID_BYTES,
        PUBLIC_BYTES,
        SIGNATURE_BYTES,
    ):
        raise OperatorError(
            f"{source} is no signature of a charter: copy it again, all four lines of it"
        )
    return found


def read_file(path: Path, most: int) -> bytes:
    """Read a file of at most `most` bytes; OperatorError names it."""
    try:
        with path.open("rb") as file:
            content = file.read(most + 1)
    except OSError as error:
        raise OperatorError(f"can't read {path}: {error.strerror}", Exit.NOT_FOUND) from None
    if len(content) > most:
        raise OperatorError(f"{path} has over {most} bytes: this is no file of a ceremony")
    return content


def is_request(content: bytes) -> bool:
    """Tell whether a file's content may be a request."""
    return content[:2] == bytes((0x83, 0x60 + len(_REQUEST)))


def is_signature(content: bytes) -> bool:
    """Tell whether a file's content may be a signature."""
    return content.startswith(_SIGNATURE.encode())


def write_new(path: Path, content: bytes) -> None:
    """Write a file that is not there yet, whole on disk; OperatorError where it is."""
    try:
        with path.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError:
        raise OperatorError(f"{path} exists already; move it away, or choose --out") from None
    except OSError as error:
        raise OperatorError(f"can't write {path}: {error.strerror}") from None
