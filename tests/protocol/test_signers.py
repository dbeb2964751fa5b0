"""The keys that sign on one machine, and which of its desks may sign a board."""

import pytest

from holub_crypto.trust import Role
from holub_protocol.areas import ukraine
from holub_protocol.author import PublishError
from holub_protocol.codec import decode
from holub_protocol.kinds.grant import GrantBody
from holub_protocol.message import Message
from holub_protocol.realm import kinds_of
from holub_protocol.signers import Signers
from holub_protocol.storage import Counter
from holub_protocol.truth import Truth
from support_realm import START_S, Realm, key, now_at

DESK = key("desk")


def signers(*, fresh: bool = False, counters: tuple[Counter, ...] = ()) -> Signers:
    """Return the signers of a machine with one desk's key, which has its grant."""
    realm = Realm()
    message = decode(realm.grant(DESK.public, kinds=kinds_of(Role.AUTHORITY)), realm.id)
    assert isinstance(message, Message)
    assert isinstance(message.body, GrantBody)
    trust = realm.trust()
    trust.add_grant(message.id, message.body.grant, realm.registrar.public, message.created_s)
    made = Signers(counters)
    made.add(DESK, trust, desk=True, fresh=fresh)
    return made


def ready(made: Signers, reliable: bool = True, equal: bool = False) -> int:
    """Return how many desks may sign a board now."""
    return len(list(made.ready(now_at(1, reliable), lambda: equal)))


def test_who_signs_here() -> None:
    """A key added here signs here; asking for another's says that it does not."""
    made = signers()
    assert DESK.public in made
    assert made.author(DESK.public).identity == DESK
    assert key("other").public not in made
    with pytest.raises(PublishError, match="no key"):
        made.author(key("other").public)


def test_a_lost_store_signs_no_board_until_a_neighbour_has_told_all() -> None:
    """A key without counters may have lost its store: no board before a neighbour's alerts are
    all here, and from then on none is held back."""
    made = signers()
    assert ready(made) == 0
    assert ready(made, equal=True) == 1
    assert ready(made) == 1


@pytest.mark.parametrize("group", ["alert", "need"])
def test_counters_of_alerts_vouch_for_the_store(group: str) -> None:
    """A key whose alert counters are here has its store; counters of other groups say nothing."""
    made = signers(counters=(Counter(DESK.public, group, START_S, 0),))
    assert ready(made) == (group == "alert")


@pytest.mark.parametrize("known", [(START_S, 7), None])
def test_a_key_that_was_here_before_may_have_lost_its_last_words(
    known: tuple[int, int] | None,
) -> None:
    """Its boards tell of a gap from the last point that the store knows, from the beginning where
    it knows of none; a new key's of no gap."""
    counters = (Counter(DESK.public, "alert", *known),) if known else ()
    areas = ukraine()
    for fresh, gaps in ((True, 1 if known else 0), (False, 1)):
        (keeper,) = signers(fresh=fresh, counters=counters).ready(now_at(1), lambda: True)
        body = keeper.due(Truth(areas, ()), areas, now_at(1))
        assert body is not None
        assert [(gap.from_s, gap.from_k) for gap in body.gaps] == [known or (0, 0)] * gaps


def test_a_new_key_signs_at_once() -> None:
    """A key made here has signed nothing elsewhere."""
    assert ready(signers(fresh=True)) == 1


def test_no_board_by_a_doubtful_clock() -> None:
    """Where nothing vouches for the time no board is signed, and the next look comes later."""
    made = signers(fresh=True)
    assert ready(made, reliable=False) == 0
    assert min(made.due_us()) > now_at(1).mono_us


def test_looked_at_again() -> None:
    """A change makes every desk look again, but for the one whose own board it was."""
    made = signers(fresh=True)
    ready(made, reliable=False)
    later = min(made.due_us())
    made.touch(now_at(2), but=DESK.public)
    assert min(made.due_us()) == later
    made.touch(now_at(2))
    assert min(made.due_us()) < later
