"""`holub status`: how the node is."""

from pathlib import Path

import click

from holub_relay import client
from holub_relay.asking import Answer
from holub_relay.cli.clock import clock_words
from holub_relay.cli.shared import at, data_option, json_option, place, plain, print_json, told


@click.command()
@data_option
@json_option
@told
def status(data: Path, as_json: bool) -> None:
    """Show the realm, the state of the node's area, its links, and what it holds."""
    answer = client.call(data, {"do": "status"})
    if as_json:
        print_json(answer)
        return
    for line in lines(answer):
        click.echo(line)


def lines(answer: Answer) -> list[str]:
    """Return a status for people, a line a fact."""
    demo = " (demo realm: nothing here is real)" if answer["demo"] else ""
    clock = answer["clock"]
    daemon = answer["daemon"]
    running = f"running, process {daemon['pid']}" if daemon else "not running"
    out = [
        f"realm    {plain(answer['realm'])}{demo}, charter {answer['charter_version']}",
        f"relay    {running}; key {answer['key']}",
        f"         {answer['words']}; {'granted' if answer['granted'] else 'no grant yet'}",
        f"clock    {at(clock['wall_s'])}, {clock_words(clock)}",
    ]
    if daemon:
        out += [f"listens  {daemon['listen']}", f"page     {daemon['page'] or 'off'}"]
    state = answer["status"]
    out += [
        f"area     {place(answer['area'])}",
        f"state    {state['level'].upper()}, last word {at(state['last_word_s'])}, "
        f"as of {at(state['as_of_s'])}, next due {at(state['next_due_s'])}",
    ]
    out.append(_trust_line(answer["trust"]))
    out += [f"ALARM    {alarm['text']}" for alarm in answer["alarms"]]
    out += [_alert_line(view) for view in answer["alerts"]]
    held = ", ".join(f"{row['class']} {row['messages']}" for row in answer["held"])
    out.append(f"held     {held} ({answer['store']['bytes'] >> 10} KiB of store)")
    payloads = answer["payloads"]
    if payloads["whole"] or payloads["partial"]:
        out.append(
            f"payloads {payloads['whole']} whole, {payloads['partial']} in part; chunks "
            f"{payloads['chunks_in']} in, {payloads['chunks_out']} out"
        )
    if answer["store"]["salvaged"]:
        out.append(f"damage   {answer['store']['salvaged']}")
    if answer["refusals"]:
        refusals = ", ".join(f"{name} {count}" for name, count in answer["refusals"].items())
        out.append(f"refused  {refusals}")
    for link in answer["links"]:
        out += _link_lines(link, clock["wall_s"])
    return out


def _trust_line(trust: Answer) -> str:
    """The charter, the revocations, and whether the registrars' boards say that this is all."""
    as_of = f"as of {at(trust['as_of_s'])}" if trust["as_of_s"] else "no registrar vouches for it"
    late = ", the next board is late" if trust["late"] else ""
    withheld = "; WITHHELD: not all revocations have come" if trust["withheld"] else ""
    count = trust["revocations"]
    return f"trust    charter {trust['charter']}, {count} revoked, {as_of}{late}{withheld}"


def _alert_line(view: Answer) -> str:
    stale = ", last word is old" if view["stale"] else ""
    if view["unconfirmed"]:
        stale += f"; one authority only, another endorses it: holub alert endorse {view['id'][:16]}"
    if view["removal"]:
        waits = view["removal"][:16]
        stale += f"; its end waits for another authority: holub alert endorse {waits}"
    return (
        f"alert    {view['incident']} {view['hazard']} since {at(view['since_s'])} "
        f"{place(view['area'])}{stale}"
    )


def _link_lines(link: Answer, wall_s: int) -> list[str]:
    """One peer: since when, traffic and round trip; then what it lacks, what it was refused."""
    trip = link["round_trip_ms"]
    out = [
        f"link     {link['peer'][:16]} {link.get('address') or ''} "
        f"since {at(wall_s - link['age_s'])}: "
        f"{link['messages_in']} messages and {link['bytes_in']} B in, "
        f"{link['messages_out']} and {link['bytes_out']} B out, "
        f"round trip {'unknown' if trip is None else f'{trip} ms'}"
    ]
    behind = [
        f"{name} {row['theirs']} of {row['ours']}, {row['waiting']} waiting"
        for name, row in link["classes"].items()
        if row["theirs"] is not None and (row["waiting"] or not row["equal"])
    ]
    out.append(f"         {'; '.join(behind) or 'holds what we hold'}")
    if link["refusals"]:
        refused = ", ".join(f"{name} {count}" for name, count in link["refusals"].items())
        out.append(f"         refused from it: {refused}")
    return out
