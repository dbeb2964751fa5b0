"""A memory stick that a courier carries: the file that `holub export` writes and `import` reads.

It is a file and not a node: it has no key, answers nothing and forgets nothing, and what is on it
was true when it was written. So it goes through the code for files, not through a link.
"""

from holub_crypto.identity import key_hint
from holub_protocol import bundle
from holub_protocol.bundle import BundleError, BundleReader, Item
from holub_protocol.holdings import CHARTER
from holub_protocol.kinds import Class
from holub_sim.host import Host

_SECOND_US = 1_000_000


class Stick:
    """Room for `room_bytes`, and what was last written: `carried` counts messages read from it
    that were new somewhere."""

    def __init__(self, room_bytes: int) -> None:
        """Start empty."""
        self.room_bytes = room_bytes
        self.data = b""
        self.carried = 0
        self._written_us = 0

    def visit(self, host: Host, now_us: int) -> None:
        """Read what is on it into a running host, then write what that holds; a relay that is
        dark is passed by."""
        if not host.running:
            return
        reader = BundleReader()
        reader.feed(self.data)
        reader.close()
        on_the_way_s = (now_us - self._written_us) // _SECOND_US
        before = len(host.node.holdings)
        while (record := reader.next()) is not None:
            host.node.offer(record.raw, host.now(), record.age_s + on_the_way_s)
        self.carried += len(host.node.holdings) - before
        self.data, self._written_us = self._write(host), now_us
        host.flush()

    def _write(self, host: Host) -> bytes:
        node = host.node
        holdings = node.holdings
        charters: list[Item] = []
        items: list[Item] = []
        for cls in Class:
            for id_ in sorted(holdings.held_ids(cls)):
                (charters if holdings.kind(id_) == CHARTER else items).append(_item(host, id_))
        chains = {
            signer: tuple(_item(host, id_) for id_ in node.grants_for(key_hint(signer)))
            for signer in {item.signer: None for item in items}
        }
        charters.sort(key=lambda item: (item.created_s, item.k))
        try:
            ids = bundle.arrange(charters, items, chains, self.room_bytes).ids
        except BundleError:
            return self.data  # not even the charters fit: the courier keeps what there is
        records = []
        for id_ in ids:
            raw = node.body(id_)
            if raw is not None:
                records.append(bundle.encode(raw, holdings.age_s(id_, host.now())))
        return b"".join((*records, bundle.end(len(records))))


def _item(host: Host, id_: bytes) -> Item:
    row = host.node.holdings.row(id_)
    return Item(id_, Class(row.cls), row.created_s, row.k, row.size_bytes, row.signer)
