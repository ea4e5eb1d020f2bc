"""A programme handed over: on the maps, in tables, from the command line; the network is off."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from importlib import import_module

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from site_towns import EAST, NORTH, catalogue, frame, home, plots, street_town
from test_block_maps import PAYLOADS
from typer.testing import CliRunner

import fengmao_geo as fg
from fengmao_geo.cli import app
from fengmao_geo.errors import TownError, UsageError
from fengmao_geo.export.map_figures import Place
from fengmao_geo.export.map_geometry import Frame
from fengmao_geo.export.map_sites import planned_data, site_data
from fengmao_geo.export.site_files import site_summary, site_words
from fengmao_geo.siting.rules import site_findings

PARK = fg.SiteRules(uses=("pocket_park",))
TOWN = Place("town", "", "T", "", None, 1.0, "index.html")
WEST = Place("block", "b1", "West", "1", None, 1.0, "block_01.html")
FILES = ["alternatives.csv", "programme.csv", "programme.gpkg", "served.csv"]


@pytest.fixture(scope="module")
def make(tmp_path_factory):
    """Choose parks on one street: at 250 for the homes at 100 and 400, at 1000 for the one at 1000."""

    def made(spaces=None, town=None, **options):
        town = town or street_town(elderly_people=[4, 5, 6])
        spaces = plots({"x": 250, "block_id": "b1"}, {"x": 1000}) if spaces is None else spaces
        path = catalogue(tmp_path_factory.mktemp("own"), ("pocket_park", 5), ("bank", 15))
        network = fg.walk_network(town)
        circles = fg.life_circles(town, network, catalogue=path)
        programme = fg.choose_sites(town, network, spaces, circles, **({"rules": PARK} | options))
        built = fg.planned_facilities(programme)
        planned = (
            fg.life_circles(fg.with_facilities(town, built), network, catalogue=path) if len(built) else None
        )
        return fg.Results(town, network, circles, spaces=spaces, programme=programme, planned=planned)

    return made


@pytest.fixture(scope="module")
def results(make):
    return make()


@pytest.fixture(scope="module")
def pages(results, tmp_path_factory):
    return fg.write_block_maps(results, folder=tmp_path_factory.mktemp("maps"))


def around(results, west=-100, east=1200):
    return Frame(results.town.crs, (EAST + west, NORTH - 200, EAST + east, NORTH + 200))


def shown(results, place=TOWN, homes=("h100", "h1000", "h400"), **frame_of):
    return site_data(
        results, place, around(results, **frame_of), ["bank", "pocket_park"], list(homes), lang="en"
    )


def read(path):
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def test_what_a_programme_builds_is_measured_as_it_was_promised(results):
    changes = fg.compare(results.circles, results.planned)
    row = changes[
        (changes["area_kind"] == "town")
        & (changes["facility_type"] == "pocket_park")
        & (changes["limit_min"] == 5)
    ]
    assert row["gained_people"].tolist() == [65]
    assert results.programme.served["people"].sum() == 65


def test_planned_facilities_have_one_row_for_each_type_a_use_supplies(make):
    ground = make(plots({"x": 250}), rules=fg.SiteRules(uses=("playground",), fixed_in=("s1",)))
    built = fg.planned_facilities(ground.programme)
    assert built["id"].tolist() == ["s1/playground", "s1/activity_ground"]
    assert built.crs == ground.town.crs


def test_the_sample_programme_serves_whom_it_promises_when_the_town_is_rebuilt_with_it(demo, monkeypatch):
    town, network, circles = demo.results.town, demo.results.network, demo.results.circles
    rules = fg.SiteRules(alternatives_count=0)
    spaces = demo.results.spaces
    programme = fg.choose_sites(town, network, spaces, circles, budget_wan=200, rules=rules)
    built = fg.with_facilities(town, fg.planned_facilities(programme))
    # The ground that is drawn takes longest, and nobody is counted by it.
    drawn = circles.service_areas
    monkeypatch.setattr(import_module("fengmao_geo.life_circle.circles"), "_service_areas", lambda *_: drawn)
    after = fg.life_circles(built, network)
    changes = fg.compare(circles, after).merge(circles.types[["facility_type", "tier_min"]])
    own = changes[(changes["area_kind"] == "town") & (changes["limit_min"] == changes["tier_min"])]
    gained = own.set_index("facility_type")["gained_people"]
    promised = programme.served.groupby("facility_type")["people"].sum()
    assert promised.sum() > 10_000
    assert gained[gained > 0].to_dict() == promised.to_dict()
    assert (own["lost_people"] == 0).all()


def test_tables_hold_sites_and_whom_each_serves(results, tmp_path):
    written = fg.write_site_files(results, folder=tmp_path, lang="en")
    assert sorted(path.name for path in written) == FILES
    assert all(path.read_bytes().startswith(b"\xef\xbb\xbf") for path in written if path.suffix == ".csv")
    sites = read(tmp_path / "programme.csv")
    assert sites["use"].tolist() == ["Pocket park", "Pocket park"]
    assert sites["people newly served"].tolist() == ["35", "30"]
    assert sites["people newly served, by type"].tolist() == ["Pocket park 35", "Pocket park 30"]
    served = read(tmp_path / "served.csv")
    assert served[["dwelling", "space", "people"]].to_numpy().tolist() == [
        ["h100", "s1", "10.0"],
        ["h1000", "s2", "30.0"],
        ["h400", "s1", "25.0"],
    ]


def test_the_geopackage_holds_sites_and_served_homes_where_they_are(results, tmp_path):
    fg.write_site_files(results, folder=tmp_path)
    path = tmp_path / "programme.gpkg"
    assert gpd.read_file(path, layer="sites").area.round().tolist() == [1200, 1200]
    served = gpd.read_file(path, layer="served").set_index("dwelling_id")
    assert served.loc["h400"].geometry.centroid.x == pytest.approx(EAST + 400)


def test_alternatives_name_their_sites(results, tmp_path):
    fg.write_site_files(results, folder=tmp_path)
    rows = read(tmp_path / "alternatives.csv")
    assert rows[["名次", "目标值", "名称"]].to_numpy().tolist()[0] == ["1", "35.0", "plot 1"]


def test_a_programme_without_sites_leaves_none_of_an_earlier_one(results, make, tmp_path):
    fg.write_site_files(results, folder=tmp_path)
    poor = make(budget_wan=1)
    fg.write_site_files(poor, folder=tmp_path)
    assert read(tmp_path / "programme.csv").empty
    assert read(tmp_path / "served.csv").empty
    assert gpd.read_file(tmp_path / "programme.gpkg", layer="sites").empty


def test_results_without_a_programme_are_refused(results, tmp_path):
    with pytest.raises(UsageError, match="choose_sites"):
        fg.write_site_files(replace(results, programme=None), folder=tmp_path)


def test_two_runs_write_the_same_bytes(results, tmp_path):
    one, other = (
        [path.read_bytes() for path in fg.write_site_files(results, folder=tmp_path / name)]
        for name in ("a", "b")
    )
    assert one == other


def test_a_programme_drawn_by_hand_is_written_too(results, tmp_path):
    sites = results.programme.sites.drop(columns="gained_people")
    by_hand = replace(results, programme=fg.Programme(sites), planned=None)
    fg.write_site_files(by_hand, folder=tmp_path, lang="en")
    assert read(tmp_path / "programme.csv")["rank"].tolist() == ["1", "2"]
    assert site_summary(by_hand.programme, lang="en")["people newly served"].tolist() == ["not known"] * 2
    assert shown(by_hand)["sites"][0]["people"] is None


def test_the_summary_tells_what_a_greedy_answer_would_reach(results):
    said = site_words(results.programme, lang="en")
    assert said[0].startswith("2 sites")
    assert "greedy" not in said[-1]
    assert "2 sites" in said[-1]
    assert "65" in said[-1]


def test_a_page_lists_the_homes_that_each_site_serves(results):
    found = shown(results)
    assert [site["served"] for site in found["sites"]] == [[[1, [0, 2]]], [[1, [1]]]]
    assert found["sites"][0]["types"] == [
        {"name": "Pocket park", "people": 35, "groups": [["residents aged 60 and over", 9]]}
    ]


def test_a_site_beyond_a_page_is_not_drawn_and_homes_beyond_it_are_counted(results):
    found = shown(results, homes=("h100",), west=-100, east=300)
    assert [site["rank"] for site in found["sites"]] == [1]
    assert found["sites"][0]["beyond"] == 1


def test_a_block_says_what_its_own_residents_gain(results):
    # Block b1 ends at 500: 35 of the 65 live there, one of two sites is there.
    assert shown(results, WEST)["sum"].startswith("1 sites in this block, about 72.0")
    assert "35 times" in shown(results, WEST)["sum"]
    assert "65 times" in shown(results)["sum"]


def test_a_use_that_takes_part_of_its_space_says_so(make):
    rules = fg.SiteRules(uses=("table_tennis",), fixed_in=("s1",))
    here = make(plots({"x": 250}), rules=rules)
    [site] = shown(here)["sites"]
    assert (site["area"], site["whole"]) == ("300", "1,200")


def test_the_time_after_differs_only_where_somebody_is_nearer(results):
    found = planned_data(results, TOWN, [], around(results), ["bank", "pocket_park"], lang="en")
    [[kind, homes, metres, _, signs]] = found["cells"]
    assert (kind, homes, len(metres)) == (1, [0, 1, 2], 3)
    assert signs == {"5": "111", "15": "111"}
    assert found["counts"] == {0: 1, 1: 2}
    assert (found["gains"], found["losses"]) == ([[1, [0, 1, 2]]], [])
    assert found["changes"] == [[1, 65, 0]]


def test_the_ground_newly_served_is_shown_after_and_not_today(pages, show):
    opened = show(pages[0])
    opened.page.evaluate("fengmao.change({ type: fengmao.data.planned.changes[0][0], minutes: 5 })")
    # No park is there today, so all its ground is new.
    assert opened.page.evaluate("fengmao.areaKinds") == []
    opened.page.click("[data-state=after]")
    assert opened.page.evaluate("fengmao.areaKinds") == ["gained"]
    assert "新增服务范围" in opened.page.inner_text(".legend")


def test_a_what_if_without_a_programme_shows_who_gains_and_who_loses(results, tmp_path, show):
    # The other way round: the parks are there today and would be given up.
    given_up = replace(results, circles=results.planned, planned=results.circles, programme=None)
    opened = show(fg.write_block_maps(given_up, folder=tmp_path, lang="en")[0])
    assert "no longer do 65 times" in opened.page.inner_text(".programme")
    opened.page.click("[data-state=gain]")
    lost = opened.page.evaluate("fengmao.data.colours.site.lost")
    fills = opened.page.evaluate("fengmao.homeShapes.map((shape) => shape.options.fillColor)")
    assert fills == [lost] * 3
    assert "No longer reached" in opened.page.inner_text(".legend")
    assert opened.complaints == []


def test_no_programme_and_none_worked_out_leave_pages_as_they_are(results):
    assert shown(replace(results, programme=None)) is None
    assert planned_data(replace(results, planned=None), TOWN, [], around(results), [], lang="en") is None


def test_a_page_opens_offline_with_its_sites(pages, look):
    for page in pages:
        opened = look(page)
        assert (opened.requests, opened.complaints) == ([], [])
        assert opened.drawn["sites"] >= 1


def test_the_life_circle_after_is_one_click_away(pages, show):
    opened = show(pages[0])
    figure = opened.page.locator(".figure-value").first
    assert figure.inner_text() == "0%"
    opened.page.click("[data-state=after]")
    assert figure.inner_text() == "100%"
    assert opened.page.evaluate("fengmao.homeCounts(0, 5).reached") == 1
    opened.page.click("[data-state=before]")
    assert opened.page.evaluate("fengmao.homeCounts(0, 5).reached") == 0
    assert opened.complaints == []


def test_a_chosen_site_shows_whom_it_serves(pages, show):
    opened = show(pages[0])
    opened.page.click("[data-site='0']")
    assert opened.page.evaluate("fengmao.drawn.served") == 2
    served = opened.page.evaluate("fengmao.data.colours.site.served")
    fills = opened.page.evaluate("fengmao.homeShapes.map((shape) => shape.options.fillColor)")
    assert fills.count(served) == 2
    card = opened.page.inner_text(".site-card")
    assert "35 人" in card
    assert "其中60岁以上老人" in card
    opened.page.click(".site-close")
    assert opened.page.evaluate("fengmao.state.site") == -1
    assert opened.complaints == []


def test_who_gains_is_coloured_and_carried_to_the_next_page(pages, show):
    opened = show(pages[0])
    opened.page.click("[data-state=gain]")
    steps = opened.page.evaluate("fengmao.data.colours.site.steps")
    fills = opened.page.evaluate("fengmao.homeShapes.map((shape) => shape.options.fillColor)")
    assert fills == [steps[0]] * 3
    links = opened.page.eval_on_selector_all(
        "nav a", "links => links.map((link) => link.getAttribute('href'))"
    )
    assert links == ["block_01.html#gain"]


def test_hostile_names_of_sites_are_text(make, tmp_path, show):
    spaces = plots(*({"x": 100 + 200 * at, "name": text} for at, text in enumerate(PAYLOADS)))
    town = street_town(homes=tuple(100 + 200 * at for at in range(len(PAYLOADS))), people=[5] * len(PAYLOADS))
    rules = fg.SiteRules(uses=("pocket_park",), fixed_in=tuple(spaces["space_id"]), alternatives_count=0)
    page = fg.write_block_maps(make(spaces, town, rules=rules), folder=tmp_path)[0]
    opened = show(page)
    opened.page.evaluate("fengmao.data.programme.sites.forEach((site, i) => fengmao.chooseSite(i))")
    content = opened.page.evaluate("document.querySelector('.programme').textContent")
    assert [text for text in PAYLOADS if text not in content] == []
    assert opened.complaints == []


def test_rules_of_a_towns_file_are_read_with_its_town(town_folder):
    settings = fg.site_settings(fg.read_town(town_folder('budget_wan = 90\nuses = ["pocket_park"]')))
    assert (settings.budget_wan, settings.count, settings.uses) == (90, None, ("pocket_park",))


def test_a_file_of_uses_is_looked_for_in_the_towns_folder(town_folder):
    with pytest.raises(TownError, match="uses_file"):
        fg.site_settings(fg.read_town(town_folder('uses_file = "none.toml"')))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_fault_of_a_towns_rules_is_named_and_ends_with_one(town_folder, lang):
    folder = town_folder('budget_wan = -1\nobjective = "cheap"\ncount = 1.5\nspeed = 3')
    for command in ("check", "site"):
        words = [command, str(folder), "--out", str(folder / "out"), "--lang", lang]
        done = CliRunner().invoke(app, words)
        assert done.exit_code == 1
        said = done.stdout + done.stderr
        assert [word for word in ("budget_wan", "objective", "count", "speed") if word not in said] == []


def test_places_in_the_rules_that_are_not_there_are_found():
    town = street_town()
    named = {"fixed_in": ["s9"], "require": [{"block_id": "b9", "count": 1}]}
    town = replace(town, settings=replace(town.settings, site_rules=named))
    found = site_findings(town, plots({"x": 250}))
    assert found["severity"].tolist() == ["error", "error"]
    assert all(name in "".join(found["found"]) for name in ("s9", "b9"))


@pytest.fixture
def town_folder(tmp_path):
    """Write a town of one street, and beside it ground that nothing stands on."""

    def written(rules):
        layers = {
            "built_up": frame([shapely.box(0, -60, 600, 60)]),
            "facilities": frame([shapely.Point(0, 0)], id=["f"], facility_type=["bank"]),
            "extent": frame([shapely.box(-2000, -2000, 3000, 2000)]),
            "streets": frame(
                [shapely.LineString([(0, 0), (600, 0)])], id=["s"], name=["East Street"], width_m=[6.0]
            ),
            "buildings": frame(
                [home(x) for x in (100, 200, 500)],
                id=["a", "b", "c"],
                use=["residential"] * 3,
                people=[10.0, 20.0, 30.0],
            ),
            "parcels": frame([shapely.box(240, -50, 300, -5)], id=["p"], land_use=["vacant"]),
        }
        lines = ['[town]\nname = "T"\ncrs = "EPSG:4549"\nsurveyed_types = "all"\n']
        for name, rows in layers.items():
            rows.to_file(tmp_path / "t.gpkg", layer=name)
            lines.append(f'[layers.{name}]\npath = "t.gpkg"\nlayer = "{name}"\n')
        (tmp_path / "town.toml").write_text("".join(lines) + f"[site_rules]\n{rules}\n", encoding="utf-8")
        return tmp_path

    return written


def test_a_scripted_run_is_one_file_and_what_is_typed_wins(town_folder, tmp_path):
    folder = town_folder('count = 0\nuses = ["pocket_park"]')
    words = ["site", str(folder), "--out", str(tmp_path / "out"), "--lang", "en"]
    none = CliRunner().invoke(app, words)
    assert none.exit_code == 0, none.stderr
    assert len(none.stdout.splitlines()) == 1
    one = CliRunner().invoke(app, [*words, "--count", "1"])
    assert one.exit_code == 0, one.stderr
    assert len(one.stdout.splitlines()) == 2, one.stderr
    assert "proven to be the best" in one.stderr
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"maps", *FILES}
    page = (tmp_path / "out" / "maps" / "index.html").read_text(encoding="utf-8")
    data = json.loads(re.search(r'id="town-data">(.*?)</script>', page, re.DOTALL)[1])
    assert len(data["programme"]["sites"]) == 1
    assert data["planned"]["cells"]


def test_what_cannot_be_had_ends_with_one_and_says_which_limits_bind(
    make, monkeypatch, town_folder, tmp_path
):
    rules = fg.SiteRules(uses=("pocket_park",), require=(fg.SiteBound(use="pocket_park", count=2),))
    poor = make(rules=rules, budget_wan=100)
    monkeypatch.setattr(import_module("fengmao_geo.study"), "study", lambda *_, **__: poor)
    done = CliRunner().invoke(
        app, ["site", str(town_folder("")), "--out", str(tmp_path / "out"), "--lang", "en"]
    )
    assert done.exit_code == 1
    assert "no programme is possible" in done.stderr
    assert "at least 144.0 wan yuan" in done.stderr
    assert (tmp_path / "out" / "programme.csv").exists()


def test_an_objective_that_is_none_is_wrong_usage(town_folder, tmp_path):
    done = CliRunner().invoke(
        app, ["site", str(town_folder("")), "--out", str(tmp_path / "out"), "--objective", "cheapest"]
    )
    assert done.exit_code == 2
    assert "cheapest" in done.stderr


def test_what_is_typed_is_refused_before_anything_is_computed(town_folder, monkeypatch, tmp_path):
    monkeypatch.setattr(import_module("fengmao_geo.study"), "study", None)
    typed = ["--budget", "-1", "--count", "-2"]
    done = CliRunner().invoke(app, ["site", str(town_folder("")), "--out", str(tmp_path / "out"), *typed])
    assert done.exit_code == 2
    assert all(word in done.stderr for word in ("budget_wan", "count"))


def test_a_place_in_the_rules_that_is_not_there_is_a_fault_of_the_town(town_folder, tmp_path):
    folder = town_folder('fixed_in = ["s9"]')
    for command in ("check", "site"):
        done = CliRunner().invoke(app, [command, str(folder), "--out", str(tmp_path / "out")])
        assert done.exit_code == 1
        assert "s9" in done.stdout + done.stderr
