"""`holub peers`: where other relays may be, who says so, and what came of it."""

from pathlib import Path

import click

from holub_relay import client
from holub_relay.asking import Answer
from holub_relay.cli.shared import data_option, json_option, print_json, told


@click.command()
@data_option
@json_option
@told
def peers(data: Path, as_json: bool) -> None:
    """List every hint at another relay: its address, its source, and what came of dialling it.

    A hint is never trusted: whoever answers must prove the key in the handshake.
    """
    answer = client.call(data, {"do": "peers"})
    if as_json:
        print_json(answer)
        return
    for line in lines(answer):
        click.echo(line)


def lines(answer: Answer) -> list[str]:
    """Return the answer for people, a link or a hint a line."""
    out = [_link(link) for link in answer["links"]]
    out += [_hint(hint) for hint in answer["hints"]]
    if not out:
        running = answer["running"]
        out.append("no other relay known" + ("" if running else "; the relay is not running"))
    return out


def _link(link: Answer) -> str:
    way = "we dialled" if link["outbound"] else "it dialled"
    return f"link  {link['peer'][:16]} {link['address']:<28} {way}, for {link['age_s']:.0f} s"


def _hint(hint: Answer) -> str:
    peer = hint["peer"][:16] if hint["peer"] else "anybody".ljust(16)
    tried = hint["tried_ago_s"]
    when = f" ({tried:.0f} s ago)" if tried is not None else ""
    granted = "granted" if hint["granted"] else "stranger"
    return (
        f"hint  {peer} {hint['address']:<28} {hint['source']:<10} {granted}, "
        f"heard {hint['heard_ago_s']:.0f} s ago: {hint['outcome']}{when}"
    )
