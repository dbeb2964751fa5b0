"""Every bound of the protocol: its unit in its name, the attacker it stops, the arithmetic.

What an operator may tune is a field of `Policy` in policy.py; what is fixed here is part of
the wire, or a bound that no honest peer meets.
"""

# --- messages -------------------------------------------------------------------------------
MESSAGE_BYTES = 4096
"""Largest message. A sender of huge messages meets this cap before any parsing; whatever is
larger travels as a signed manifest and chunks."""

ALERT_BYTES = 1024
"""Largest message of the alert group. At 9.6 kbit/s 1 KiB takes 0.9 s: a stolen desk key can
hold a slow link no longer than that with one message."""

CHARTER_BYTES = 4096
"""Largest charter: 15 root keys, 20 registrars and 50 authorities fit in about 3 KiB."""

LIFETIME_STEPS_S = (
    60,
    300,
    600,
    1800,
    3600,
    2 * 3600,
    6 * 3600,
    12 * 3600,
    24 * 3600,
    48 * 3600,
    3 * 86400,
    7 * 86400,
    14 * 86400,
    30 * 86400,
    90 * 86400,
    365 * 86400,
    3 * 365 * 86400,
    10 * 365 * 86400,
)
"""The lifetimes a message may have; the wire carries the step's number in one byte. A table
has no lifetime of 0 and none of a century (attack 20, expiry abuse)."""

CREATED_MIN_S = 1_577_836_800
"""2020-01-01: nothing of this protocol is older. A message from 1970 is a broken clock's."""

CREATED_MAX_S = 2**32 - 1
"""2106-02-07: `created` takes at most 5 bytes."""

COUNTER_MAX = 4095
"""Largest k on the wire, whatever the quota: 3 bytes."""

FUTURE_SKEW_S = 120
"""How far ahead of a reliable clock `created` may be: two honest clocks, each a minute off."""

PENNED = 256
"""Messages from the future held back, in all. At 4 KiB each a lying clock costs 1 MiB."""

# --- large payloads --------------------------------------------------------------------------
CHUNK_BYTES = 1024
"""Bytes of a chunk. Of what is under way when a link breaks at most a chunk is lost: 0.9 % at
9.6 kbit/s with breaks each minute, against 3.5 % with 4 KiB."""

CHUNK_HASH_BYTES = 16
"""A second chunk with the hash of a given one costs its forger 2^128. Two of one hash cost 2^64
and serve only the manifest's signer, to tell two relays two things; two manifests do as well."""

PAYLOAD_BYTES = 1536 * 1024
"""Largest payload: a map of 1 MiB and half as much again. Its lists are 1.6 % more, its bitmap of
1,560 bits fits a HAVE in the smallest frame, and its manifest has under 800 bytes."""

PAYLOADS_UNDER_WAY = 4
"""Payloads fetched at once: what is first, whole, is of use; four keep several peers busy."""

PAYLOAD_SHARE_PERCENT = 50
"""Most of the store that payloads may take, and most of what a source or a signer may take that its
payloads may: who has announced too many can still say something. In a realm of many and a store
of 256 MiB that is 3 MiB a desk: a map and two help libraries; a stolen key fills a 75th."""

CHUNKS_ASKED_START = 4
CHUNKS_ASKED_MAX = 32
"""Chunks asked of one peer and not come yet: few at first, then as many as come within half a
second. What a peer's silence keeps from others is 32 KiB; what it must remember of us too."""

CHUNK_PROMPT_US = 500_000
CHUNK_TIMEOUT_US = 30_000_000
"""A peer that sends nothing of what was asked for 30 s is asked for nothing of that payload as
long, and others are: at 9.6 kbit/s, an eighth of it for bulk, a chunk takes 9 s."""

CHUNK_SERVINGS = 3
"""A peer is sent as many chunks of one payload on one link as three times the whole has: a FETCH
of 60 bytes must not bring 32 KiB for ever. An honest peer needs each once."""

CHUNKS_PER_COMMIT = 16
CHUNKS_LINGER_US = 2_000_000
"""Chunks are committed 16 at a time, or after 2 s: a wait for a worn card each would be slower
than the link. So kill -9 costs 16 KiB at most."""

PARTS_KEPT = 8
PEERS_REMEMBERED = 32
"""Begun chunks and what peers were seen to hold, kept over a break of the link: 8 KiB, and a
bitmap of 200 bytes for each payload under way of each of 32 peers."""

HAVES_AT_ONCE = 16
HAVE_AGAIN_US = 60_000_000
HAVE_AGAIN_MAX_US = 900_000_000
HAVE_SPACING_US = 250_000
"""Payloads that a link is told of at once; how often again while nobody has what is missing, later
and later; and how soon news follows news. At most 16 x 215 bytes a minute, soon an hour."""

# --- unknown signers -------------------------------------------------------------------------
PARKED_PER_LINK = 512
"""Messages of unknown signers kept per link while their chain is asked for: as many alerts as
come in one window of 64 KiB before the first grant can."""

PARKED_BYTES_PER_LINK = 65_536
"""The same in bytes: 32 links of strangers cost 2 MiB at most."""

PARKED_LIFETIME_US = 120_000_000
"""A parked message waits two minutes for its chain; the next reconciliation offers it again."""

NEED_HINTS = 16
"""Hints in one NEED frame, and grants looked up for each of them."""

# --- frames and links ------------------------------------------------------------------------
FRAME_BYTES_MIN = 256
FRAME_BYTES_DEFAULT = 4096
FRAME_BYTES_MAX = 4096
"""The agreed F: 256 suits 9.6 kbit/s, 4096 a LAN. A length above F closes the link before
anything is allocated."""

WINDOW_BYTES_MIN = 512
WINDOW_BYTES_DEFAULT = 65_536
WINDOW_BYTES_MAX = 1_048_576
"""Unconsumed bytes a sender may have under way. A peer that never reads costs us this much."""

PACE_START_BYTES = 2048
PACE_FRAME_BYTES = 384
PACE_WINDOW_BYTES = 2 * PACE_FRAME_BYTES
PACE_DELAY_US = 50_000
"""A sender's own window: it starts at 2 KiB, never falls below two frames that each hold a
message of 300 bytes, and shrinks while frames wait more than 50 ms behind each other. At
9.6 kbit/s two such frames, headers included, take 0.66 s; an alert behind them 0.83 s."""

SLOW_WINDOW_BYTES = 16_384
"""A link whose window is smaller than this counts as slow: below 2 Mbit/s, or new. There one
RANGE goes at a time, so that a contact of a few kilobytes is not spent on comparing."""

PACE_GAP_US = 2_000
"""On a slow link two frames that leave together arrive together and are consumed together, so that
the link stands still until their credit is back (17 % of a 9.6 kbit/s link with 50 ms of latency).
Frames that leave 2 ms apart are segments of their own, and the second covers the first's way."""

LINKS = 32
"""Links of one node."""

OUTBOX_BYTES = 64 * 1024
"""Small frames (all but PUT and RANGE) that one batch may make us send on one link. A peer that
makes us answer more than this with what it sent at once is closed (attack 17, amplification)."""

HELLO_TIMEOUT_US = 10_000_000
"""A link that says nothing is closed after 10 s (slow-loris); never under 2 s, so that a busy
machine's jitter tears nothing down."""

ROOT_EVERY_US = 30_000_000
ROOT_IDLE_MAX_US = 900_000_000
"""An idle link compares roots after 30 s, then twice as long each time, up to 15 minutes."""

ROOT_SPACING_US = 5_000
ROOT_SPACING_MAX_US = 2_000_000
ROOT_SPACING_TRIPS = 16
"""Roots follow a change no sooner than 16 times as long as a frame takes, within these: a burst of
messages is acknowledged once, and roots, a tenth of a frame each, take about 1 % of a link."""

ROOT_PUSHED_US = 250_000
"""After pushing something of our own, the peer's root is awaited this long before ours goes."""

SETTLE_US = 500_000
"""A root that differs once both were equal is most likely behind what is under way: only when
it differs still after this is a reconciliation opened."""

RECONCILE_AGAIN_US = 2_000_000
"""A reconciliation that changed nothing is opened again after this, then twice as long each
time: two honest nodes may differ for good in what they refuse."""

SNAPSHOT_SPACING_US = 1_000_000
SNAPSHOT_SMALL = 1000
"""A peer can make us sort a set of more than a thousand no more often than once a second."""

ORDER_MOVES_SHARE = 8
ORDER_MOVES_SPARE = 64
"""Ids that may have come or gone since a class was last sorted, an eighth of it and some, before
that order is dropped: to set so many in one by one takes as long as to sort anew. A peer that makes
us compare after each message costs 20 us for it at 1,000 ids, 1 ms at 100,000."""

SHORT_IDS_PER_LINK = 4096
"""Short ids remembered per link, so as to answer a WANT for what was offered and not to offer what
the peer has: under 1 MB when full. More than this are not under way in 1 MiB of messages."""

SAID_LISTS_BYTES = 65_536
"""RANGE frames kept per link until the peer says what of their lists it wants: what is under way
in the default window. A peer that never answers costs as much."""

SENDS_PER_LINK = 200_000
"""Ids queued to be sent to one peer."""

NEEDS_PER_LINK = 1024
"""Hints that a peer may ask about on one link: 1024 x 16 grants of 200 B is 3 MiB at most."""

PEER_ADDRESSES = 8
PEERS_EVERY_US = 10_000_000
"""Addresses in one PEERS frame, and how often one is listened to on a link. A peer that invents
addresses makes us consider 0.8 a second; 32 such peers 26, of which the dialler tries few."""

REFUSALS_PER_LINK = 4096
"""Short ids refused for good, remembered so as not to ask for them again on this link."""

ASSEMBLIES_PER_LINK = 8
"""Messages arriving in pieces at once, per link: one per class and two to spare. Never
finished fragments (attack 14) cost 8 x 4 KiB."""

BAD_SIGNATURES_PER_LINK = 3
"""A link that offers more bad signatures than this is closed: an honest relay verifies
before it forwards, so it never sends even one."""

MALFORMED_PER_LINK = 16
"""Items refused as malformed before the link is closed: a newer version may send kinds that
we don't know, but those are not malformed."""

# --- reconciliation --------------------------------------------------------------------------
SPLIT = 4
LEAF_ITEMS = 16
"""A stretch is split in 4; one of up to 16 ids is sent as a list: the knee found by measurement."""

OPENING_ITEMS = 8
"""An opening lists the 8 newest ids: enough to tell whether news is what lies there."""

NEWS_SHARE = 8
NEWS_FACTOR = 8
"""Where at least an eighth of the ids in a list is news, listing what differs before it costs
less than splitting it does; and so much as eight times these ids at once."""

LIST_ITEMS = 64
"""Most ids in one list of a peer."""

WANT_BITS_BYTES = FRAME_BYTES_MAX // 8
"""Longest bitmap of wanted ids: a frame holds fewer than 4,096 listed ones."""

SEND_ITEMS = 1024
"""Ids that one list may make us queue: a longer stretch is split first, so that bodies go out
before more is compared and a new peer does not put 100,000 ids into memory at once."""

RANGE_PARTS = 64
"""Most parts in one RANGE frame."""

SHORT_ID_BYTES = 5
FINGERPRINT_BYTES = 6
ROOT_FINGERPRINT_BYTES = 8
"""Salted per session by both peers' nonces, so only chance makes two meet: 2^-40 for two ids,
that is 2^-28 for a message and all short ids that a link remembers; 2^-48 for a stretch, 2^-64
for a root, which shows what the others hid. No list is 6 bytes long: its length tells it apart."""

NONCE_BYTES = 16

RECONCILE_SLACK_S = 60
"""Ids with less than this to live are left out: two sides need not agree on the second."""

RECONCILE_BUDGET_US = 600_000_000
RECONCILE_BYTES_PER_ID = 12
RECONCILE_BYTES_FREE = 65_536
"""RANGE bytes a peer may make us send in ten minutes and class: 12 x n + 64 KiB (worst honest case
9.5 x n). Beyond it the session looks at no RANGE of that class until the next ten."""

RECONCILE_TELLINGS = 3
"""Ids that a peer's RANGE frames may find it lacks, and parts of them that teach nothing, in ten
minutes and class: 3 x (n + SEND_ITEMS) in all. A RANGE of 280 bytes that lists none of the newest
400 costs 2 us for each, and as much when it is said again; a part that is skipped 2 us too. An
honest peer lacks each id once, and to find 50,000 of 100,000 anywhere takes 0.2 such parts an id:
it never needs a third of this."""

RANGE_ANSWER_US = 2_000_000
"""On a slow link the next RANGE waits this long for an answer to the last."""

SLOW_ANSWER_BYTES = 320
"""Bytes of finer parts in an answer on a slow link: one split, or lists of some 55 ids, whose
bodies take many times as long."""

AMPLIFICATION = 8
AMPLIFICATION_FREE_BYTES = 300
"""A RANGE brings RANGE and WANT frames of at most eight times its size and 300 bytes, so that
a peer can't make us send much by saying little."""

SENT_PER_LINK = 4096
RESENDS = 3
RESENDS_EVERY_US = 600_000_000
"""How often one message is sent on one link in ten minutes, whoever asks: an honest peer loses
none, and a WANT of 20 bytes must not bring 4 KiB again and again. A peer that had no room gets
it later. Remembered of the last 4,096 sent."""

URGENT_BURST_BYTES = 16_384
URGENT_BYTES_PER_S = 128
"""What one source may send on a link as alerts, and as much again as official notices; the excess
of each shares the link with the classes below, at the weight of bulk. A desk's full rate of 1,000
alerts an hour of 200 B is 56 B/s, the 56 all-clears of ten minutes of a real night are 11 kB, the
places and bulletins of a whole city 5 B/s: none of these is ever held back. A stolen desk key that
sends the longest alerts, 284 B/s, takes a tenth of a link of 9.6 kbit/s after the first 14 s, and
twenty of one authority no more than one."""

# --- holdings --------------------------------------------------------------------------------
SEEN = 400_000
"""Ids remembered in all, held or not: about 60 MB. Beyond it nothing of a class below
ALERT is taken in until something expires."""

ALERT_SHARE_PERCENT = 50
"""Most of the store that the alert group may fill: a stolen class-0 key can't push everything
else out."""

ALERT_ROOM_FREED_PARTS = 32
"""Of the alerts' room a 32nd is given up at once, and twice as much must be free before what was
given up is taken back: honest desks beside a stolen key make a node look through its index once
for 4 MiB of alerts, and no message goes to and fro between two full stores."""

TRUST_FREE_FACTOR = 2
"""A key's revocations, proofs and trust boards may take twice the room that is still free in their
half, and so its grants in theirs: none of these ever gives way. A stolen relay's key can prove its
own contradictions 60 times an hour, 4 KiB each, and a stolen registrar revoke 200 times: one fills
two thirds, n leave 1 / (2n + 1) to others, so that the revocation that ends it finds room."""

STORE_BYTES_DEFAULT = 256 * 1024 * 1024
"""Bodies held by default: a month of a city's strike days at 6.7 MB to 67 MB."""

LIVE_HOURS = 26
"""Messages of one signer's group remembered at once: this many times its hourly cap. A class-0
message lives 24 hours at most, so an honest desk at its full rate never meets it."""

SOURCE_SHARE_PERCENT = 5
SOURCE_SHARE_PARTS = 2
LENT_PERCENT = 75
"""Most of the store that one source may take below alerts once it is three quarters full: 5 %, or
two parts of as many as there are sources where that is more (in a realm of three, two thirds). A
source is an authority, or a relay by which people speak: whoever invents 5,000 residents behind 2
of 12 relays fills a third of a store and leaves the ten honest ones theirs. One desk of an
authority has half of that, so that a stolen key does not silence its colleagues. Before, what
nobody uses is lent, and the heaviest give it back first."""

RECEIPT_AGE_S = 86_400
"""A body that its addressee has goes first a day after the receipt, not before: until then other
addressees of the same mailbox, and relays that only the body convinces, may want it."""

RECEIPTED_IDS = 16_384
"""Ids of which receipts are remembered, the newest: 4 MB. A receipt that is forgotten costs
nothing but that its body is not the first to go."""

PUSH_BYTES = 1024
"""A message up to this size is pushed unasked to a few links; a larger one is only offered."""
