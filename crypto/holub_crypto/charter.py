"""The charter: who may enrol whom in a realm, signed by k of its n root keys.

It is the one COSE_Sign object of the protocol (RFC 9052 4.1). The realm's id is the digest of
charter 1's content, so whoever holds the id can check every later version by its chain:
version n+1 needs k of the old and k of the new root keys, as TUF's root metadata does.
"""

from dataclasses import dataclass

from holub_crypto import cbor, cose
from holub_crypto.digest import ID_BYTES, content_id
from holub_crypto.identity import PUBLIC_BYTES, Identity, key_hint, verify, words

FORMAT = 1
ROOT_KEYS_MAX = 16
REGISTRARS_MAX = 32
AUTHORITIES_MAX = 64
CHARTER_BYTES_MAX = 4096
CHAIN_MAX = 64
"""Versions that one file holds: a new one each month for five years."""
NAME_BYTES_MAX = 64
_AREAS_MAX = 64
_HAZARDS_MAX = 64
_REVOKED_MAX = 64
_SECOND_MAX = 2**32 - 1
_LABEL = b"holub charter 1"
_NO_REALM = bytes(ID_BYTES)
FINGERPRINT_BYTES = 24

ANY_HAZARD = 0
"""In a list of hazards: all of them."""

EVERYWHERE = 0
"""In a list of areas: the root above every region."""


class CharterError(ValueError):
    """Bytes that are no charter, or a charter that breaks a rule; the text says which."""


@dataclass(frozen=True, slots=True)
class Authority:
    """A body that answers for hazards in areas. `parent` is the authority above it, or 0."""

    number: int
    parent: int
    name_uk: str
    name_en: str
    areas: tuple[int, ...]
    hazards: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Charter:
    """One version. Keys are Ed25519 public keys of 32 bytes; `previous` is the id of the
    version before (empty for version 1), `registry` the digest of the file of areas."""

    name: str
    version: int
    created_s: int
    previous: bytes
    threshold: int
    roots: tuple[bytes, ...]
    registrars: tuple[bytes, ...]
    authorities: tuple[Authority, ...]
    registry: bytes
    revoked: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        """Check the rules that hold within one version."""
        if not self.threshold * 2 > len(self.roots) >= self.threshold:
            raise CharterError(
                f"{self.threshold} of {len(self.roots)} root keys: more than half are needed"
            )
        for what, keys in (
            ("root", self.roots),
            ("registrar", self.registrars),
            ("revoked", self.revoked),
        ):
            if list(keys) != sorted(set(keys)):
                raise CharterError(f"{what} keys are not in ascending order, each once")
        numbers = [authority.number for authority in self.authorities]
        if numbers != sorted(set(numbers)) or 0 in numbers:
            raise CharterError(f"authority numbers {numbers} are not ascending from 1")
        for authority in self.authorities:
            if authority.parent and authority.parent not in numbers:
                raise CharterError(
                    f"authority {authority.number} has an unknown parent {authority.parent}"
                )
            if authority.parent >= authority.number:
                raise CharterError(
                    f"authority {authority.number} comes before its parent {authority.parent}"
                )
        if (self.version == 1) != (self.previous == b""):
            raise CharterError("version 1 has no version before it, every other has one")

    def authority(self, number: int) -> Authority | None:
        """Return the authority with that number, if the charter names it."""
        for authority in self.authorities:
            if authority.number == number:
                return authority
        return None

    def lineage(self, number: int) -> tuple[int, ...]:
        """Return the authority and those above it, nearest first; () if it is not named."""
        line: list[int] = []
        authority = self.authority(number)
        while authority is not None:
            line.append(authority.number)
            authority = self.authority(authority.parent) if authority.parent else None
        return tuple(line)

    def payload(self) -> bytes:
        """Return the CBOR array that is signed."""
        return cbor.encode(
            (
                FORMAT,
                self.name,
                self.version,
                self.created_s,
                self.previous,
                self.threshold,
                self.roots,
                self.registrars,
                tuple(
                    (a.number, a.parent, a.name_uk, a.name_en, a.areas, a.hazards)
                    for a in self.authorities
                ),
                self.registry,
                self.revoked,
            )
        )

    def external(self, realm_id: bytes) -> bytes:
        """Return what binds its signatures: 32 zero bytes stand for the realm in version 1."""
        return _LABEL + (_NO_REALM if self.version == 1 else realm_id)

    def content_id(self, realm_id: bytes) -> bytes:
        """Return its 32-byte id; that of version 1 is the realm's id."""
        return content_id(cose.body_content(self.external(realm_id), self.payload()))

    def sign(self, identities: tuple[Identity, ...], realm_id: bytes = _NO_REALM) -> bytes:
        """Return the signed charter; `realm_id` matters from version 2 on."""
        return cose.sign_many(identities, self.external(realm_id), self.payload())


@dataclass(frozen=True, slots=True)
class SignedCharter:
    """A charter as it travels: the bytes, the version they say, what in them is signed, the
    (hint, signature) pairs."""

    raw: bytes
    charter: Charter
    payload: bytes
    signatures: tuple[tuple[bytes, bytes], ...]

    def signers(self, keys: tuple[bytes, ...], realm_id: bytes) -> tuple[bytes, ...]:
        """Return the keys that have signed it, () unless every signature is one of theirs.

        The first signature that is not ends the matter: junk costs one verification, and
        nobody can change a charter's bytes by adding signatures that say nothing.
        """
        external = self.charter.external(realm_id)
        once = tuple(dict.fromkeys(keys))  # a root key of both versions is tried once
        found: list[bytes] = []
        for hint, signature in self.signatures:
            content = cose.sign_content(hint, external, self.payload)
            signer = next(
                (k for k in once if key_hint(k) == hint and verify(k, content, signature)), None
            )
            if signer is None or signer in found:
                return ()
            found.append(signer)
        return tuple(found)

    def content_id(self, realm_id: bytes) -> bytes:
        """Return its charter's id, without writing the charter anew."""
        return content_id(cose.body_content(self.charter.external(realm_id), self.payload))


def decode(raw: bytes) -> SignedCharter:
    """Read a signed charter without checking its signatures; raises CharterError."""
    if len(raw) > CHARTER_BYTES_MAX:
        raise CharterError(f"{len(raw)} bytes, more than {CHARTER_BYTES_MAX}")
    try:
        payload, signatures = cose.read_sign(raw, 2 * ROOT_KEYS_MAX)
        charter = _read(cbor.decode(payload))
    except (cose.CoseError, cbor.CborError) as error:
        raise CharterError(str(error)) from None
    return SignedCharter(raw, charter, payload, signatures)


def split(raw: bytes) -> tuple[bytes, ...]:
    """Take apart a chain: the signed charters of a realm one after the other (a CBOR sequence,
    RFC 8742), ascending from version 1. A single charter is a chain of one.

    Nothing is verified (see holub_crypto.trust.Trust); raises CharterError for anything else.
    """
    found: list[bytes] = []
    rest = raw
    while rest or not found:
        try:
            size = cose.sign_bytes(rest[:CHARTER_BYTES_MAX])
        except cose.CoseError as error:
            raise CharterError(str(error)) from None
        found.append(rest[:size])
        rest = rest[size:]
        version = decode(found[-1]).charter.version
        if version != len(found):
            after = f"version {len(found)} is due" if found[1:] else "a realm starts with version 1"
            raise CharterError(f"version {version}: {after}")
        if len(found) > CHAIN_MAX:
            raise CharterError(f"more than {CHAIN_MAX} versions")
    return tuple(found)


def _read(value: cbor.Value) -> Charter:
    fields = cbor.as_tuple(value)
    if len(fields) != 11 or fields[0] != FORMAT:
        raise CharterError("not a charter of format 1")
    return Charter(
        name=cbor.as_text(fields[1], NAME_BYTES_MAX),
        version=cbor.as_int(fields[2], 1, 65535),
        created_s=cbor.as_int(fields[3], 0, _SECOND_MAX),
        previous=b"" if fields[4] == b"" else cbor.as_bytes(fields[4], ID_BYTES, ID_BYTES),
        threshold=cbor.as_int(fields[5], 1, ROOT_KEYS_MAX),
        roots=_keys(fields[6], ROOT_KEYS_MAX),
        registrars=_keys(fields[7], REGISTRARS_MAX),
        authorities=tuple(map(_authority, _array(fields[8], AUTHORITIES_MAX))),
        registry=cbor.as_bytes(fields[9], ID_BYTES, ID_BYTES),
        revoked=_keys(fields[10], _REVOKED_MAX),
    )


def _array(value: cbor.Value, most: int) -> tuple[cbor.Value, ...]:
    items = cbor.as_tuple(value)
    if len(items) > most:
        raise CharterError(f"{len(items)} entries, more than {most}")
    return items


def _keys(value: cbor.Value, most: int) -> tuple[bytes, ...]:
    return tuple(cbor.as_bytes(key, PUBLIC_BYTES, PUBLIC_BYTES) for key in _array(value, most))


def _authority(value: cbor.Value) -> Authority:
    fields = cbor.as_tuple(value)
    if len(fields) != 6:
        raise CharterError("an authority has 6 fields")
    return Authority(
        number=cbor.as_int(fields[0], 1, 65535),
        parent=cbor.as_int(fields[1], 0, 65535),
        name_uk=cbor.as_text(fields[2], NAME_BYTES_MAX * 2),
        name_en=cbor.as_text(fields[3], NAME_BYTES_MAX),
        areas=tuple(cbor.as_int(a, 0, _SECOND_MAX) for a in _array(fields[4], _AREAS_MAX)),
        hazards=tuple(cbor.as_int(h, 0, 1023) for h in _array(fields[5], _HAZARDS_MAX)),
    )


def fingerprint(realm_id: bytes, charter_id: bytes) -> str:
    """Return 12 words that bind a realm's id and a charter's id, for people to compare.

    The charter's id binds its version, its content and those before it: two charters of one
    version that both have enough signatures have other words.
    """
    return words(content_id(realm_id + charter_id)[:FINGERPRINT_BYTES])
