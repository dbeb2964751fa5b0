"""`holub realm`: who may speak. Its charter is changed by ceremony, its desks by grants."""

import click

from holub_relay.cli.realm.draft import enrol, rotate
from holub_relay.cli.realm.found import init
from holub_relay.cli.realm.grant import grant
from holub_relay.cli.realm.pin import pin
from holub_relay.cli.realm.revoke import revoke, vouch
from holub_relay.cli.realm.show import charter, show
from holub_relay.cli.realm.sign import combine, sign
from holub_relay.cli.realm.verify import verify


@click.group(
    epilog="A ceremony: `init`, `enrol`, `rotate` or `revoke` makes a request; each holder of a "
    "root key does `verify` and `sign`; `combine` makes the charter; `pin` gives it to a relay. "
    "docs/realm.md shows one."
)
def realm() -> None:
    """Found a realm, change its charter, and enrol keys in it."""


for command in (
    *(charter, combine, enrol, grant, init, pin, revoke, rotate, show, sign, verify, vouch),
):
    realm.add_command(command)
