"""The region tree: shape, names, and the packaged registry of Ukraine."""

import csv
import gzip
import re
from hashlib import blake2b
from pathlib import Path

import pytest

import holub_protocol
from holub_protocol.areas import EVERYWHERE, AreaError, AreaTree, ukraine

TREE = ukraine()
KYIV, KYIV_OBLAST, CRIMEA, SEVASTOPOL = 93317, 30281, 13043, 65278
SIRENS = Path(__file__).resolve().parents[2] / ".." / "shared" / "data" / "sirens"
HEADER = "id,parent,category,name_uk,name_en\n"


def only(text: str, category: str) -> int:
    """The one region of a category that has the text in its name."""
    (area,) = [area for area in TREE.find(text) if TREE.category(area) == category]
    return area


def test_the_packaged_registry_is_whole() -> None:
    """All 2,043 regions are there: oblasts, cities, raions, hromadas and districts of cities."""
    count = {letter: sum(TREE.category(a) == letter for a in TREE) for letter in "OKPHB"}
    assert count == {"O": 25, "K": 2, "P": 136, "H": 1772, "B": 108}
    assert len(TREE) == 2043


def test_the_digest_is_that_of_the_file() -> None:
    """The charter's digest is BLAKE2b-256 over the bytes of the file, so any tool can check it."""
    package = Path(holub_protocol.__file__).parent
    content = (package / "data" / "areas-ua.csv").read_bytes()
    assert TREE.digest == blake2b(content, digest_size=32).digest()


def test_kyiv_is_not_in_kyiv_oblast() -> None:
    """Kyiv and Sevastopol are cities with special status, beside the oblasts."""
    assert TREE.ancestors(KYIV) == (EVERYWHERE,)
    assert TREE.ancestors(SEVASTOPOL) == (EVERYWHERE,)
    assert not TREE.related(KYIV, KYIV_OBLAST)


def test_ancestors_climb_to_everywhere() -> None:
    """A district of Dnipro lies in its hromada, raion, oblast and everywhere, in this order."""
    district = only("Новокодацький", "B")
    above = TREE.ancestors(district)
    assert [TREE.category(area) for area in above] == ["H", "P", "O", ""]
    assert above[0] == TREE.parent(district)
    assert above[-1] == EVERYWHERE
    assert TREE.ancestors(EVERYWHERE) == ()


def test_children_and_parents_agree() -> None:
    """Every region is a child of its parent, and the top level is the oblasts and the cities."""
    assert all(area in TREE.children(TREE.parent(area)) for area in TREE)
    assert {TREE.category(area) for area in TREE.children(EVERYWHERE)} == {"O", "K"}
    assert len(TREE.children(KYIV)) == 10


def test_scope_covers_itself_and_what_lies_in_it() -> None:
    """A scope covers its subtree, never its parent or its neighbour; 0 covers all."""
    raion = only("Фастівський", "P")
    assert TREE.covers(KYIV_OBLAST, raion)
    assert TREE.covers(raion, raion)
    assert not TREE.covers(raion, KYIV_OBLAST)
    assert not TREE.covers(KYIV, raion)
    assert TREE.covers(EVERYWHERE, raion)
    assert TREE.covers(EVERYWHERE, EVERYWHERE)
    assert not TREE.covers(KYIV, EVERYWHERE)
    assert TREE.related(raion, KYIV_OBLAST)


def test_an_unknown_region_is_covered_by_everywhere_alone() -> None:
    """No grant for a region that the registry lacks can be made up, not even for itself."""
    assert 99999 not in TREE
    assert TREE.covers(EVERYWHERE, 99999)
    assert not TREE.covers(99999, 99999)
    assert not TREE.covers(KYIV_OBLAST, 99999)
    assert TREE.ancestors(99999) == (EVERYWHERE,)
    assert TREE.parent(99999) == EVERYWHERE
    assert TREE.children(99999) == ()
    assert EVERYWHERE in TREE


def test_boards_have_163_bits() -> None:
    """The bitmap of a board holds the 27 topmost regions and the 136 raions, in ascending id."""
    assert len(TREE.board_order) == 163
    assert list(TREE.board_order) == sorted(TREE.board_order)
    assert {KYIV, KYIV_OBLAST, CRIMEA} <= set(TREE.board_order)


@pytest.mark.parametrize(
    ("text", "category", "uk", "en"),
    [
        ("Київська", "O", "Київська область", "Kyivska oblast"),
        ("Республіка", "O", "Автономна Республіка Крим", "Autonomous Republic of Crimea"),
        ("Київ", "K", "місто Київ", "Kyiv city"),
        ("Фастівський", "P", "Фастівський район", "Fastivskyi raion"),
        ("Згурівська", "H", "Згурівська громада", "Zghurivska hromada"),
        ("Новокодацький", "B", "Новокодацький район міста", "Novokodatskyi city district"),
        ("Ізюмський", "P", "Ізюмський район", "Iziumskyi raion"),
        ("Олександрівськ", "B", "Олександрівський район міста", "Oleksandrivskyi city district"),
    ],
)
def test_names_are_the_natural_forms(text: str, category: str, uk: str, en: str) -> None:
    """People see the form they use, in either language."""
    matching = [a for a in TREE.find(text) if TREE.category(a) == category]
    assert (uk, en) in [(TREE.name(a, "uk"), TREE.name(a, "en")) for a in matching]


def test_names_without_a_row() -> None:
    """Everywhere has a name, and a region that the registry lacks is called by its number."""
    assert TREE.name(EVERYWHERE, "uk") == "Уся територія"
    assert TREE.name(EVERYWHERE, "en") == "Everywhere"
    assert TREE.name(99999, "en") == "area 99999"
    assert TREE.name(99999, "uk") == "територія 99999"


def test_another_country_may_have_other_categories() -> None:
    """A category without a form of its own shows the bare name and has no bit."""
    tree = AreaTree.parse(HEADER + "7,0,X,Варшава,Warszawa\n")
    assert tree.name(7, "en") == "Warszawa"
    assert tree.board_order == ()


def test_find_helps_with_a_misspelt_region() -> None:
    """Either language and any case finds a region, the highest first; nothing finds nothing."""
    assert TREE.find("kyivska")[0] == KYIV_OBLAST
    assert TREE.find("МІСТО КИЇВ") == (KYIV,)
    assert TREE.find("   ") == ()
    assert TREE.find("Atlantis") == ()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("id,name\n", "line 1"),
        (HEADER + "1,0,O,А,A\n1,0,O,Б,B\n", "line 3: the id 1 stands twice"),
        (HEADER + "x,0,O,А,A\n", "line 2: the id 'x'"),
        (HEADER + "0,0,O,А,A\n", "line 2: the id '0'"),
        (HEADER + "1,-1,O,А,A\n", "line 2: the parent '-1'"),
        (HEADER + "4294967296,0,O,А,A\n", "line 2: the id '4294967296'"),
        (HEADER + "1,0,O,А\n", "line 2: 4 columns"),
        (HEADER + "1,0,O,,A\n", "line 2: region 1 has no category or no name"),
        (HEADER + "1,2,O,А,A\n", "region 1: its ancestor 2 is not in the registry"),
        (HEADER + "1,2,O,А,A\n2,1,O,Б,B\n", "region 1: over 8 levels"),
    ],
)
def test_a_bad_registry_is_refused_by_line_and_value(text: str, complaint: str) -> None:
    """Whoever edits a registry learns which line is wrong."""
    with pytest.raises(AreaError, match=re.escape(complaint)):
        AreaTree.parse(text)


@pytest.mark.skipif(not SIRENS.is_dir(), reason="no siren history beside the checkout")
def test_english_names_are_those_of_the_siren_history() -> None:
    """Every oblast, and all but renamed raions of two years of alerts are found by their names."""
    oblasts: dict[str, None] = {}
    raions: dict[str, None] = {}
    with gzip.open(SIRENS / "official_data_en.csv.gz", "rt", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            oblasts[row["oblast"].replace("Kyiv City", "Kyiv city")] = None
            if row["raion"].endswith(" raion"):
                raions[row["raion"]] = None
    ours = {TREE.name(area, "en") for area in TREE}
    oblasts.pop("Lubenskyi raion")  # one row of the history has oblast and raion swapped
    assert sorted(set(oblasts) - ours) == []
    assert sorted(set(raions) - ours) == ["Krasnohradskyi raion", "Novohrad-Volynskyi raion"]
