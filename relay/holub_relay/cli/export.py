"""`holub export`: what the node holds, as a file that another relay imports."""

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

import click

from holub_protocol import bundle
from holub_protocol.bundle import BundleError, Item, Plan
from holub_protocol.kinds import Class
from holub_relay.asking import Answer
from holub_relay.cli.shared import data_option, json_option, plain, print_json, told
from holub_relay.client import Client
from holub_relay.errors import Exit, OperatorError
from holub_relay.files import BODIES_MAX, FILE_BYTES_MAX

BYTES_MIN: Final = 1024
"""Less than this holds no charter and one alert."""


@dataclass(frozen=True, slots=True)
class Cargo:
    """What may go: the realm's name, the last arrival number, and descriptions."""

    realm: str
    last: int
    charters: tuple[Item, ...]
    items: tuple[Item, ...]
    chains: dict[bytes, tuple[Item, ...]]


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@data_option
@click.option(
    "--since",
    type=click.IntRange(min=0),
    default=0,
    help="Only what arrived here after this number, which the last export printed. [default: 0]",
)
@click.option(
    "--max-bytes",
    type=click.IntRange(BYTES_MIN, FILE_BYTES_MAX),
    default=FILE_BYTES_MAX,
    help="At most so large: the most urgent goes first, the newest of that. [default: 1 GiB]",
)
@json_option
@told
def export(file: Path, data: Path, since: int, max_bytes: int, as_json: bool) -> None:
    """Write the messages held to FILE, with all that another relay needs to judge them."""
    check_target(file)
    with Client(data) as client:
        cargo = gather(client, since)
        try:
            plan = bundle.arrange(cargo.charters, cargo.items, cargo.chains, max_bytes)
        except BundleError as error:
            raise OperatorError(f"--max-bytes {error}", Exit.USAGE) from None
        written, size_bytes = write(file, bodies(client, plan))
    if as_json:
        print_json(
            {
                "file": str(file),
                "realm": cargo.realm,
                "messages": written,
                "bytes": size_bytes,
                "left_out": plan.left_out,
                "next_since": cargo.last,
            }
        )
        return
    for line in lines(file, cargo, plan, since, written, size_bytes):
        click.echo(line)


def lines(
    file: Path, cargo: Cargo, plan: Plan, since: int, written: int, size_bytes: int
) -> list[str]:
    """Return what to tell about an export."""
    out = [f"wrote {file}: {written} messages of {plain(cargo.realm)}, {size_bytes} bytes"]
    if plan.left_out:
        out.append(
            f"left out for want of room: {plan.left_out}, the least urgent and oldest; to bring "
            f"them too, export again with --since {since} and more room"
        )
    out.append(f"what comes after this: --since {cargo.last}")
    return out


def check_target(file: Path) -> None:
    """Refuse what must not be replaced: whatever is there and is no earlier export."""
    try:
        mode = file.lstat().st_mode
        with_magic = stat.S_ISREG(mode) and _begins_with_magic(file)
    except FileNotFoundError:
        if not file.parent.is_dir():
            raise OperatorError(f"there is no directory {file.parent}", Exit.NOT_FOUND) from None
        return
    except OSError as error:
        raise OperatorError(f"can't look at {file}: {error.strerror}") from None
    if not with_magic:
        raise OperatorError(
            f"{file} is there and is no earlier export: it stays; choose another name"
        )


def _begins_with_magic(file: Path) -> bool:
    with file.open("rb") as found:
        return found.read(len(bundle.MAGIC)) == bundle.MAGIC


def gather(client: Client, since: int) -> Cargo:
    """Ask for descriptions of all that arrived after `since`, page by page."""
    head = client.call({"do": "export"})
    items: dict[bytes, Item] = {}
    chains: dict[bytes, tuple[Item, ...]] = {}
    after: int | None = since
    while after is not None:
        page = client.call({"do": "export", "after": after, "until": head["last"]})
        items.update((item.id, item) for item in map(_item, page["rows"]))
        for signer, grants in page["chains"].items():
            chains[bytes.fromhex(signer)] = tuple(map(_item, grants))
        after = page["next"]
    charters = tuple(map(_item, head["charters"]))
    return Cargo(head["realm"], head["last"], charters, tuple(items.values()), chains)


def _item(row: list[Any]) -> Item:
    id_, cls, created_s, k, size_bytes, signer = row
    return Item(bytes.fromhex(id_), Class(cls), created_s, k, size_bytes, bytes.fromhex(signer))


def bodies(client: Client, plan: Plan) -> Iterator[bytes]:
    """Yield the records of a plan; what has expired or was evicted meanwhile is left out."""
    for start in range(0, len(plan.ids), BODIES_MAX):
        ids = [id_.hex() for id_ in plan.ids[start : start + BODIES_MAX]]
        answer: Answer = client.call({"do": "export", "ids": ids})
        for body in answer["bodies"]:
            if body is not None:
                raw, age_s = body
                yield bundle.encode(bytes.fromhex(raw), age_s)


def write(file: Path, records: Iterable[bytes]) -> tuple[int, int]:
    """Write records and the end so that FILE is whole or as before; return counts and bytes.

    Raises OperatorError where the disk has no room or fails; nothing is left behind then.
    """
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        with part.open("xb") as out:
            counts = _write(out, records)
        part.replace(file)
        _sync_directory(file.parent)
    except OSError as error:
        raise OperatorError(f"can't write {file}: {error.strerror}") from None
    finally:
        part.unlink(missing_ok=True)
    return counts


def _write(out: BinaryIO, records: Iterable[bytes]) -> tuple[int, int]:
    written = size_bytes = 0
    for record in records:
        size_bytes += out.write(record)
        written += 1
    size_bytes += out.write(bundle.end(written))
    out.flush()
    os.fsync(out.fileno())
    return written, size_bytes


def _sync_directory(folder: Path) -> None:
    """Make the name durable too; some file systems of sticks know no such thing (EINVAL)."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    except OSError:
        return
    finally:
        os.close(descriptor)
