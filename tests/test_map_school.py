"""What a map page draws and says of walks to school: the town on paper of `test_school_routes`."""

from __future__ import annotations

from dataclasses import replace

import pytest
import shapely
from pyproj import CRS
from test_block_maps import PAYLOADS
from test_school_routes import HOMES, paper_town
from test_what_if import at

import fengmao_geo as fg
from fengmao_geo.export.map_figures import Place
from fengmao_geo.export.map_geometry import Frame
from fengmao_geo.export.map_school import school_data
from fengmao_geo.export.theme import theme

EAST, NORTH = 572_000.0, 3_403_000.0
FRAME = Frame(CRS(4549), (EAST - 500, NORTH - 500, EAST + 1500, NORTH + 500))
TOWN = Place("town", "", "T", "", None, 1.0, "index.html")
SOUTH = Place("block", "b", "South", "1", None, 1.0, "block_01.html")


def made(town=None, **options):
    town = town or paper_town(blocks=at(shapely.box(0, -300, 300, -50), id=["b"], name=["South"]))
    network = fg.walk_network(town)
    return fg.Results(town, network=network, school_routes=fg.school_routes(town, network, **options))


@pytest.fixture(scope="module")
def results():
    return made()


@pytest.fixture(scope="module")
def data(results):
    return school_data(results, TOWN, FRAME, lang="en")


def test_walks_that_were_not_worked_out_are_not_shown(results):
    assert school_data(replace(results, school_routes=None), TOWN, FRAME, lang="zh") is None


def test_the_town_says_who_walks_who_crosses_and_who_walks_too_far(data):
    assert data["sums"] == [
        "Walk to school within 30 min: 10 children from 4 dwellings",
        "Must cross a main road: 3 children from 2 dwellings",
        "Farther than the standard 500 m: 5 children from 2 dwellings",
    ]


def test_a_block_counts_the_walks_that_begin_in_it(results):
    # Of the four homes only a, with one child, stands there.
    sums = school_data(results, SOUTH, FRAME, lang="en")["sums"]
    assert sums[0].endswith("1 children from 1 dwellings")
    assert sums[1].endswith("1 children from 1 dwellings")


def test_children_that_nobody_counted_are_unknown():
    homes = {name: (where, None) for name, (where, _) in HOMES.items()}
    said = school_data(made(paper_town(homes=homes)), TOWN, FRAME, lang="zh")
    assert said["sums"][0].endswith("数据不足，4 栋住宅")
    assert set(said["pieces"]["children"]) == {None}
    assert set(said["pieces"]["is_worth"]) == {0}


def test_what_is_not_known_of_crossings_is_said():
    streets = at(
        shapely.LineString([(0, 0), (400, 0)]),
        shapely.LineString([(200, -300), (200, 0)]),
        shapely.LineString([(200, 0), (200, 300)]),
        id=["w", "s", "n"],
        street_class=[None, "lane", "lane"],
    )
    said = school_data(made(paper_town(streets=streets)), TOWN, FRAME, lang="en")["sums"]
    assert [text for text in said if "not known what their walks cross" in text]


def test_a_piece_is_as_wide_as_its_children_are_many(data):
    pieces = data["pieces"]
    # All ten walk north; fewer than the first bound.
    assert max(pieces["children"]) == 10
    assert set(pieces["class"]) == {0}
    assert data["classes"][0]["name"] == f"fewer than {theme()['school']['bounds'][0]} children"


def test_as_many_children_as_a_bound_are_of_the_next_class():
    homes = {name: (where, 20 if name == "a" else 0) for name, (where, _) in HOMES.items()}
    pieces = school_data(made(paper_town(homes=homes)), TOWN, FRAME, lang="zh")["pieces"]
    assert set(zip(pieces["children"], pieces["class"], strict=True)) == {(20, 1)}


def test_where_no_crown_is_known_trees_are_to_be_surveyed(data):
    pieces = data["pieces"]
    assert set(pieces["shade"]) == {None}
    worth = [todo for todo, is_worth in zip(pieces["todo"], pieces["is_worth"], strict=True) if is_worth]
    assert all("Crowns are not known: survey the trees first" in todo for todo in worth)


def test_a_bare_street_is_to_be_planted():
    town = paper_town(trees=at(shapely.Point(900, 400), crown_m=[4.0]))
    pieces = school_data(made(town), TOWN, FRAME, lang="en")["pieces"]
    assert pieces["shade"] == [0] * len(pieces["shade"])
    assert "Plant trees: 100% without shade" in pieces["todo"][0]


def test_a_main_road_walked_along_and_one_crossed_are_to_be_made_safe(data):
    pieces = data["pieces"]
    by_main = dict(zip(pieces["is_main"], pieces["todo"], strict=True))
    assert "Along a main road: check the walks and what parts them from traffic" in by_main[1]
    assert "A safe way across main road".lower() in " ".join(by_main[0]).lower()


def test_a_crossing_says_who_crosses(data):
    assert [(one["children"], one["homes"]) for one in data["crossings"]] == [(3, 2)]


def test_a_school_says_who_walks_to_it(data):
    [school] = data["schools"]
    assert school["name"] == "School s"
    # Three from a, b: (415 + 2 * 615) m; c's three 615, d's four 215: by child 60 m a minute.
    minutes = (415 + 2 * 615 + 3 * 615 + 4 * 215) / 10 / 60
    assert [value for _, value in school["facts"]] == [
        "10 children",
        "4",
        f"{minutes:.1f} min",
        "5 children",
        "3 children",
    ]


def test_a_school_that_nobody_walks_to_says_so():
    town = paper_town(schools={"s": (210, 300), "t": (1400, 400)})
    schools = school_data(made(town), TOWN, FRAME, lang="en")["schools"]
    assert [["Walk to school here", "nobody"]] in [school["facts"] for school in schools]


def test_a_page_holds_what_lies_in_its_frame(results):
    south = Frame(CRS(4549), (EAST - 500, NORTH - 500, EAST + 1500, NORTH - 350))
    said = school_data(results, TOWN, south, lang="zh")
    assert (said["crossings"], said["schools"], said["pieces"]["lines"]) == ([], [], [])


def test_the_findings_of_walks_are_those_of_the_results(results):
    assert "districts_missing" in set(results.findings["code"])


@pytest.fixture(scope="module")
def pages(results, tmp_path_factory):
    folder = tmp_path_factory.mktemp("school")
    return fg.write_block_maps(results, folder=folder / "zh"), fg.write_block_maps(
        results, folder=folder / "en", lang="en"
    )


def test_walks_are_drawn_when_asked_for_with_their_legend(pages, show):
    shown = show(pages[0][0])
    assert shown.drawn["pieces"] == 0
    shown.page.click("[data-switch=school]")
    assert shown.page.evaluate("fengmao.drawn.pieces") == 3
    legend = shown.page.inner_text(".legend")
    for said in ("上学路：每段步行学生数", "最值得改善", "上学必过主干路处", "小学"):
        assert said in legend
    assert (shown.requests, shown.complaints) == ([], [])


def test_a_piece_of_the_list_opens_its_card(pages, show):
    shown = show(pages[0][0])
    shown.page.click("[data-switch=school]")
    shown.page.locator("[data-piece]").first.click()
    card = shown.page.inner_text(".leaflet-popup")
    for said in ("10 名学生", "林荫", "数据不足", "全镇第 1", "可改善"):
        assert said in card
    assert shown.complaints == []


def test_spaces_types_and_walks_are_not_looked_at_together(pages, show):
    shown = show(pages[0][0])
    shown.page.click("[data-switch=school]")
    assert shown.page.evaluate("[fengmao.state.spaces, fengmao.state.type, fengmao.drawn.facilities]") == [
        False,
        -1,
        0,
    ]
    links = shown.page.eval_on_selector_all("nav a", "all => all.map((one) => one.getAttribute('href'))")
    assert links == ["block_01.html#school"]


def test_english_pages_say_it_in_english(pages, show):
    shown = show(pages[1][0])
    shown.page.click("[data-switch=school]")
    said = shown.page.inner_text(".school") + shown.page.inner_text(".legend")
    assert "Walks to school" in said
    assert not any("\u4e00" <= letter <= "\u9fff" for letter in said)


def test_hostile_names_of_streets_and_schools_are_text(tmp_path, show):
    text = "".join(PAYLOADS)
    town = paper_town(names=[text])
    layers = dict(town.layers)
    town = replace(town, layers=layers | {"streets": layers["streets"].assign(name=text)})
    shown = show(fg.write_block_maps(made(town), folder=tmp_path)[0])
    shown.page.click("[data-switch=school]")
    cards = shown.page.evaluate(
        "[fengmao.pieceCard(0), fengmao.crossingCard(fengmao.data.school.crossings[0]),"
        " fengmao.schoolCard(fengmao.data.school.schools[0])].map((card) => card.textContent)"
    )
    assert [text in card for card in cards] == [True] * 3
    content = shown.page.evaluate("document.querySelector('.school').textContent")
    assert [one for one in PAYLOADS if one not in content] == []
    assert shown.page.evaluate("window.ran") is None
    assert shown.complaints == []
