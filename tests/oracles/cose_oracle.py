"""Runs in `.oracles`: verifies and makes COSE signatures with cwt, an independent library.

Reads a JSON list of requests and answers with a list of hex strings or error texts:
`["verify", tag, raw, public, kid, external]` gives the payload that cwt accepts,
`["sign1", seed, public, kid, external, payload]` an untagged COSE_Sign1,
`["sign", seed, public, kid, external, payload]` an untagged COSE_Sign by one signer.
"""

import json
import sys

import cbor2
from cwt import COSE, COSEKey, Signer  # type: ignore[import-not-found]

ED25519 = -19
TAGS = {"sign1": b"\xd2", "sign": b"\xd8\x62"}


def key_of(public: bytes, kid: bytes, seed: bytes | None = None) -> object:
    """Return an OKP key on Ed25519 for alg -19."""
    fields: dict[int, object] = {1: 1, 2: kid, 3: ED25519, -1: 6, -2: public}
    if seed is not None:
        fields[-4] = seed
    return COSEKey.new(fields)


def verify(tag: int, raw: bytes, public: bytes, kid: bytes, external: bytes) -> str:
    """Return the payload of an untagged structure, as hex."""
    tagged = cbor2.CBORTag(tag, cbor2.loads(raw))
    payload = COSE.new(verify_kid=True).decode(tagged, key_of(public, kid), external_aad=external)
    return bytes(payload).hex()


def sign(how: str, *parts: bytes) -> str:
    """Return an untagged structure, as hex."""
    seed, public, kid, external, payload = parts
    header = {1: ED25519, 4: kid}
    cose, key = COSE.new(), key_of(public, kid, seed)
    if how == "sign1":
        tagged = cose.encode_and_sign(payload, key, protected=header, external_aad=external)
    else:
        signer = Signer.new(key, protected=header)
        tagged = cose.encode_and_sign(payload, signers=[signer], external_aad=external)
    assert tagged.startswith(TAGS[how])
    return bytes(tagged).removeprefix(TAGS[how]).hex()


def answer(how: str, *arguments: str | int) -> str:
    """Answer one request; whatever cwt raises becomes a text."""
    values = [a if isinstance(a, int) else bytes.fromhex(a) for a in arguments]
    try:
        return verify(*values) if how == "verify" else sign(how, *values)  # type: ignore[arg-type]
    except Exception as error:
        return f"{type(error).__name__}: {error}"


json.dump([answer(*request) for request in json.load(sys.stdin)], sys.stdout)
