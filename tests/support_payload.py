"""Payloads for tests: content of any size, its manifest, and nodes that publish it."""

from hashlib import blake2b

from holub_protocol.kinds.manifest import ManifestBody
from holub_protocol.node import Node
from holub_protocol.payloads.layout import cut
from support_net import Host, Net
from support_realm import START_S, Box, Realm, key, now_at

DAY_S = 86_400


def content(size: int, seed: str = "map") -> bytes:
    """Return bytes without any pattern, the same for the same seed."""
    pieces = (
        blake2b(f"{seed} {number}".encode()).digest() for number in range(-(-size // 64))
    )  # fmt: skip
    return b"".join(pieces)[:size]


def manifest(data: bytes, name: str = "map") -> ManifestBody:
    """Return the body that announces `data`."""
    return ManifestBody(name, "application/octet-stream", len(data), cut(data)[0])


def announced(realm: Realm, data: bytes, lifetime_s: int = DAY_S, signer: str = "desk") -> bytes:
    """Return a signed manifest by a desk."""
    body = manifest(data, name=data[:4].hex())
    return realm.message(key(signer), "manifest", body, created_s=START_S, lifetime_s=lifetime_s)


def hold(box: Box, data: bytes, at_s: float = 0, lifetime_s: int = DAY_S) -> bytes:
    """Let a node hold a payload, whole and committed; return the manifest's id."""
    id_ = box.node.offer(announced(box.realm, data, lifetime_s), now_at(at_s))
    assert isinstance(id_, bytes), id_
    for place, chunk in enumerate(cut(data)[1]):
        box.node.exchange.give(id_, place, chunk, now_at(at_s))
    box.flush(at_s)
    return id_


def desk_realm() -> tuple[Realm, bytes]:
    """Return a realm and the grant of its desk `desk`."""
    realm = Realm()
    return realm, realm.grant(key("desk").public)


def read_whole(node: Node, id_: bytes) -> bytes | None:
    """Return a payload's bytes as the node reads them; None while some are missing."""
    payload = node.library.get(id_)
    if payload is None or payload.missing:
        return None
    places = range(payload.layout.lists, payload.layout.count)
    chunks = [node.library.read(id_, place) for place in places]
    return b"".join(chunk for chunk in chunks if chunk is not None)


def net_of(count: int, realm: Realm, grant: bytes) -> Net:
    """Return hosts that know the desk, without links."""
    net = Net([Host(realm, f"host {number}") for number in range(count)])
    for index in range(count):
        net.offer(index, grant)
        net.commit(index)
    return net


def give_whole(net: Net, index: int, data: bytes, raw: bytes) -> bytes:
    """Let a host have a payload from the start, committed; return the manifest's id."""
    id_ = net.offer(index, raw)
    assert isinstance(id_, bytes), id_
    host = net.hosts[index]
    for place, chunk in enumerate(cut(data)[1]):
        host.node.exchange.give(id_, place, chunk, host.now(net.at_s))
    net.collect(index)
    net.commit(index)
    return id_
