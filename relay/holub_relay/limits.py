"""Every bound of the daemon's links and discovery: unit in the name, attacker, arithmetic.

Bounds of the protocol itself are in holub_protocol.limits.
"""

from typing import Final

from holub_crypto.charter import CHAIN_MAX, CHARTER_BYTES_MAX

# --- charters ---------------------------------------------------------------------------------
CHAIN_BYTES: Final = CHAIN_MAX * CHARTER_BYTES_MAX
"""Largest file of charters: 256 KiB. A wrong path or a hostile server is not read beyond it."""

# --- handshakes ------------------------------------------------------------------------------
HANDSHAKE_MESSAGE_BYTES: Final = 512
"""Largest handshake message, checked before any cryptography. Honest ones have 32 to 199 bytes;
the rest is room for later fields."""

HANDSHAKES: Final = 64
"""Inbound handshakes at once. An attacker who opens sockets and says nothing holds 64 x about
10 KiB; when all are taken, the address that holds most loses its oldest."""

HANDSHAKE_TIMEOUT_S: Final = 10.0
"""A whole handshake (slow-loris: one byte a second would need 9 minutes). 404 bytes take 0.4 s
at 9.6 kbit/s; the rest is for a busy machine."""

HANDSHAKE_FLOOR_S: Final = 2.0
"""No handshake is cut younger than this while its own address does not crowd the table: shorter
timeouts tear links down on mere jitter."""

CONNECT_TIMEOUT_S: Final = 5.0
"""To a TCP connection. A forged address that swallows SYNs holds one dialling place this long."""

# --- links -----------------------------------------------------------------------------------
STRANGER_LINKS: Final = 8
"""Links of keys without a relay grant: of 32, 24 stay for granted relays, so 5,000 invented
keys take no granted relay's place."""

KEEP_ALIVE_S: Final = 5.0
"""An empty sealed message after this long without sending: 18 bytes, 29 bit/s each way."""

DEAD_S: Final = 15.0
"""A link without authenticated traffic is dead: three keep-alives missed. Bytes that do not
authenticate do not count, so a trickle holds no place."""

DOUBT_S: Final = 7.0
"""A link silent for so long is doubted if its peer's signed beacon is heard: the peer is dialled,
and the new link replaces the old. After a cable is back TCP itself waits for its next
retransmission, 7 s in the median after 7 s without. Two seconds over KEEP_ALIVE_S, for slow links;
whoever replays beacons causes an attempt, no more."""

SIMULTANEOUS_S: Final = 5.0
"""Two links of one key in opposite directions within this time are simultaneous dials, where the
lower key's stays; later, the newer one stays, for then the peer has lost the older. Two sides
see two links in a different order only within a round trip, far below this."""

SEAL_BYTES: Final = 8192
"""Plaintext in one Noise message we send. At 9.6 kbit/s it takes 6.8 s to arrive and count as
authenticated traffic, well below DEAD_S; 18 bytes of overhead are 0.2 %."""

REKEY_MESSAGES: Final = 65_536
"""Each direction of a link replaces its key after so many messages: a machine seized later
tells less. One rekeying costs 3 us."""

SEND_QUEUE_BYTES: Final = 1_114_112
"""Plaintext waiting for one link's writer: the largest window (1 MiB) and 64 KiB of control
frames. A peer that stops reading costs no more and is closed; 32 of them cost 34 MiB."""

WRITE_STALL_S: Final = 60.0
"""A sealed message that the kernel does not take in this time: the peer stopped reading. 8 KiB
behind the 16 KiB the kernel may hold take 20 s at 9.6 kbit/s."""

CLOSE_S: Final = 2.0
"""Time for the last frames (BYE) to leave on a link that we close."""

READ_BYTES: Final = 32_768
"""Read from a socket at once: one link cannot occupy the daemon longer than these bytes take."""

BANS: Final = 256
BAN_S_MIN: Final = 60.0
BAN_S_MAX: Final = 3600.0
BAN_MEMORY_S: Final = 21_600.0
"""Keys refused for misbehaviour, the oldest forgotten first: 256 x 150 bytes. A minute, doubling up
to an hour: a peer with a broken disk is not lost for a night, and one that sends nothing but junk
has four signatures of it checked (0.2 ms) a minute, then an hour. Forgiven six hours after the last
one ended."""

TWIN_KEYS: Final = 256
TWIN_STARTS: Final = 4
TWINS: Final = 16
"""Granted keys whose last starts are remembered to tell a key on two machines, and pairs of
addresses told: 256 x 4 x about 250 bytes. Strangers are not watched, so nobody fills it but who
has 256 granted keys."""

# --- dialling --------------------------------------------------------------------------------
DIALS: Final = 8
STRANGER_DIALS: Final = 4
"""Outward attempts at once, and how many of them for keys without a relay grant: forged
announcements of strangers never fill the places of granted relays."""

DIALS_PER_S: Final = 20.0
STRANGER_DIALS_PER_S: Final = 4.0
DIAL_BURST: Final = 10.0
"""Attempts a second. 1,000 forged announcements a second (each wants a handshake of 170 us from
us) cost 4 x 170 us, under 0.1 % of a core."""

REDIAL_S_MIN: Final = 1.0
REDIAL_S_MAX: Final = 30.0
"""Pauses between attempts at a known peer: 1, 2, 4 ... 30 s, each 75 to 125 % of that, so that
a city's relays do not all dial in the same instant when the power is back."""

PEERS: Final = 256
ADDRESSES_PER_PEER: Final = 4
"""Hints remembered, and addresses for each: 256 x 4 x about 200 bytes = 200 KiB. Strangers go
first, then what was heard of longest ago; configured peers stay."""

STRANGERS_PER_HOST: Final = 8
"""Hints remembered of keys without a grant from one network address, so that one machine with
1,000 keys does not push out all others."""

NEW_STRANGERS_PER_S: Final = 20.0
NEW_STRANGERS_BURST: Final = 64.0
"""Rows begun for keys without a grant: each costs a walk through the table (0.2 ms), and we dial
only 4 of them a second; a flood of 500 a second would cost 10 % of a core."""

UNSIGNED_STRANGERS: Final = 64
"""Of these rows, how many may be strangers that only an mDNS answer or another peer names: anybody
writes those, 3,000 a second, and they leave three quarters of the table to relays that signed a
beacon."""

REMEMBERED: Final = 64
REMEMBER_S: Final = 60.0
"""Good addresses kept in the store for the next start, about 64 bytes each, and the shortest
pause between two writings of them: a card wears out by small writes."""

# --- zeroconf --------------------------------------------------------------------------------
MDNS_BROWSE_S: Final = 15.0
"""A question for all relays this often: zeroconf asks four times at its start and then never
again, and two that started apart did not find each other in 153 s."""

MDNS_KNOWN_ANSWERS: Final = 32
"""Relays that a question names as known, so that they need not answer: one packet."""

MDNS_CAUGHT: Final = 256
MDNS_DELIVER_S: Final = 0.25
"""Relays that wait between zeroconf's thread and ours, and how often those are taken: 1,000 a
second at most, whatever the LAN throws at us, of 10 us each; the oldest goes first."""

MDNS_ADDRESSES: Final = 4
"""Addresses of one announcement that are looked at."""

MDNS_LOOK_S: Final = 2.0
MDNS_CPU_SHARE: Final = 0.1
MDNS_REST_S_MIN: Final = 30.0
MDNS_REST_S_MAX: Final = 480.0
"""How often the CPU time of zeroconf's threads is read, how much of a core they may take, and
how long they are sent home if they take more, doubling: each of 3,000 forged packets a second
costs them 90 us, so a flood costs 2 s of a quarter of a core every 30 s, then every 8 min. The
beacon goes on."""

MDNS_SETTLE_S: Final = 1.0
"""After a change of interfaces several follow at once; zeroconf is made anew after this."""

MDNS_CLOSE_S: Final = 2.0
"""For zeroconf's goodbyes (0.25 s measured); then the daemon ends without them."""

# --- beacon ----------------------------------------------------------------------------------
BEACON_BYTES: Final = 200
"""Largest beacon packet looked at; ours have about 130 bytes."""

BEACON_S_MIN: Final = 0.25
BEACON_S_EAGER: Final = 5.0
BEACON_S_MAX: Final = 10.0
"""Pauses between beacons: 0.25 s, doubling to 10 s (5 s while a known peer is missing); at most
130 B x 4/s per interface. A partition that heals unnoticed is found within the longest."""

BEACON_SOURCES: Final = 256
BEACONS_PER_SOURCE_S: Final = 10.0
BEACONS_PER_SOURCE_BURST: Final = 20.0
"""Packets read per source address, and addresses told apart. An honest relay sends 4/s at most
and its two address families count apart."""

BEACON_VERIFIES_PER_S: Final = 500.0
"""Signatures of beacons verified a second, apart for granted relays' keys and for all others:
500 x 45 us = 2.3 % of a core each, whatever the LAN throws at us."""

BEACON_KEYS: Final = 256
BEACON_MEMORY_S: Final = 30.0
"""Keys whose last sequence number is remembered, and how long: three of the longest pauses.
A replay after that is a mere hint again, and a relay that lost its boot counter is heard."""

RESCAN_S: Final = 15.0
"""Interfaces are listed anew this often even if the kernel announced no change."""
