"""How far a key's or a board's word reaches: by grants, by the authority's charge, by covers."""

from collections.abc import Iterable, Mapping

from holub_crypto.charter import ANY_HAZARD
from holub_crypto.trust import Reach, Standing
from holub_protocol.areas import AreaTree
from holub_protocol.facts import EVERYTHING, REMNANT, Board, Fact, Word


class Scope:
    """What is known of the bounds of keys and authorities."""

    def __init__(self, areas: AreaTree) -> None:
        """Start without bounds."""
        self._areas = areas
        self._with_bits = frozenset(areas.board_order)
        self._charges: dict[int, Reach] = {}
        self._standings: dict[tuple[bytes, int], Standing] = {}

    def govern(self, charges: Mapping[int, Reach]) -> None:
        """Take what a charter charges each authority with; none bounds nobody."""
        self._charges = dict(charges)

    def set_standing(self, key: bytes, authority: int, standing: Standing) -> bool:
        """Learn what a key is to its authority; returns whether that is new."""
        slot = (key, authority)
        changed = self._standings.get(slot) != standing
        self._standings[slot] = standing
        return changed

    def standing_of(self, fact: Fact) -> Standing:
        """Return what a fact's key is to the authority that it speaks for: a key of which
        nothing was said has no bounds."""
        return self._standings.get((fact.key, fact.authority), Standing(EVERYTHING))

    def in_reach(self, reach: Iterable[Reach], area: int, hazard: int) -> bool:
        """Whether one of the reaches covers the area and names the hazard, or all hazards."""
        return any(
            (ANY_HAZARD in hazards or hazard in hazards)
            and any(self._areas.covers(scope, area) for scope in areas)
            for areas, hazards in reach
        )

    def within(self, scope: int, area: int) -> bool:
        """Whether an area is another or lies in it: one unknown to the registry is covered by no
        other, but does name itself."""
        return scope == area or self._areas.covers(scope, area)

    def leaves_out(self, board: Board, word: Word) -> bool:
        """Whether the board knows the word's key up to the word's point and does not list it."""
        if word in board.words or not board.knows(word.kid, word.point):
            return False
        if not self._reaches(board, word):
            return False
        if word.hazard == REMNANT:
            return not board.marked
        marked = board.marked.get(word.hazard)
        if marked is None:
            return True
        above = (word.area, *self._areas.ancestors(word.area))
        bits = [area for area in above if area in self._with_bits]
        # No bit stands for everywhere, nor for a region unknown here: any bit keeps such a word.
        return bool(bits) and not any(area in marked for area in bits)

    def _reaches(self, board: Board, word: Word) -> bool:
        """Whether the board's key may speak of such a word at all; of its own it may."""
        if word.kid == board.fact.message.kid and word.authority == board.fact.authority:
            return True
        charge = self._charges.get(board.fact.authority)
        if self._charges and charge is None:
            return False
        bounds = (self.standing_of(board.fact).reach, (charge,) if charge else EVERYTHING)
        return all(self.in_reach(reach, word.area, word.hazard) for reach in bounds)
