"""What is handed out holds nothing of a person, a firm or a house, and tells the same of areas."""

from __future__ import annotations

import json
import re
import sqlite3
import zipfile
from contextlib import closing
from dataclasses import fields, is_dataclass, replace

import numpy as np
import pandas as pd
import pytest
import shapely
from public_town import FIRM, HOUSE, SECRETS, secret_results

from fengmao_geo.export.folium_map import write_block_maps
from fengmao_geo.export.green_chart import gain_chart
from fengmao_geo.export.handover import write_all
from fengmao_geo.export.indicator_words import missing_words
from fengmao_geo.export.public import public_results
from fengmao_geo.export.rounded import rounded_shapes
from fengmao_geo.export.summary import summary_table
from fengmao_geo.standards.public import public_standard
from fengmao_geo.tables import LAYERS

MARK = "未经审图不得公开"


@pytest.fixture(scope="module")
def internal():
    return secret_results()


@pytest.fixture(scope="module")
def public(internal):
    return public_results(internal)


@pytest.fixture(scope="module")
def written(internal, tmp_path_factory):
    folder = tmp_path_factory.mktemp("handed")
    write_all(internal, folder=folder, share="public")
    return folder / "public"


def page_data(page):
    text = page.read_text(encoding="utf-8")
    return json.loads(
        re.search(r'<script type="application/json" id="town-data">(.*?)</script>', text, re.DOTALL)[1]
    )


def tables_in(value):
    """Find every table in an object of ours, however deep."""
    if isinstance(value, pd.DataFrame):
        yield value
    elif hasattr(value, "layers"):
        yield from (value[name] for name in value.layers)
        yield value.findings
    elif is_dataclass(value) and not isinstance(value, type):
        for part in fields(value):
            yield from tables_in(getattr(value, part.name))
    elif hasattr(value, "rows"):
        yield from tables_in(value.rows)


def words_of(table):
    plain = pd.DataFrame(table).drop(columns="geometry", errors="ignore")
    return "\n".join([*map(str, plain.columns), plain.to_csv(index=False)])


def cells_of(path):
    """Write every cell of every table of a GeoPackage as text; shapes are bytes."""
    with closing(sqlite3.connect(path)) as base:
        names = [name for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = [row for name in names for row in base.execute(f'SELECT * FROM "{name}"')]  # noqa: S608  our own names
    return "\n".join(str(cell) for row in rows for cell in row if not isinstance(cell, bytes))


def parts_of(path):
    """Read every part of an office file that is text, as a reader sees it."""
    with zipfile.ZipFile(path) as parts:
        texts = [
            parts.read(name).decode("utf-8") for name in parts.namelist() if name.endswith(("xml", "rels"))
        ]
    # A word may be parted by marks of style.
    return "\n".join([*texts, *(re.sub(r"<[^>]*>", "", text) for text in texts)])


def secrets_in(text):
    return [secret for secret in SECRETS if secret in text]


def test_the_secrets_are_planted(internal):
    said = "\n".join(words_of(table) for table in tables_in(internal))
    assert set(SECRETS[:7]) <= set(secrets_in(said))


def test_no_table_of_public_results_holds_a_secret(public):
    assert [found for table in tables_in(public) if (found := secrets_in(words_of(table)))] == []
    assert secrets_in(words_of(public.findings)) == []
    assert secrets_in(words_of(public.town.spread.rows)) == []


def test_no_file_of_a_public_run_holds_a_secret(written):
    files = [path for path in written.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} == {".html", ".gpkg", ".csv", ".txt", ".png", ".xlsx", ".docx"}
    for path in files:
        if path.suffix == ".gpkg":
            assert secrets_in(cells_of(path)) == [], path
        elif path.suffix in (".xlsx", ".docx"):
            assert secrets_in(parts_of(path)) == [], path
        elif path.suffix != ".png":
            assert secrets_in(path.read_text(encoding="utf-8")) == [], path


def test_no_file_of_an_earlier_internal_run_lies_among_the_public_ones(written):
    assert not list(written.rglob("*review*"))
    assert pd.read_csv(written / "served.csv").empty


def test_every_page_and_every_other_file_bears_the_mark(public, written):
    pages = sorted((written / "maps").glob("*.html"))
    assert len(pages) == 3
    assert all(page_data(page)["notice"] == public.town.settings.notice for page in pages)
    assert MARK in (written / "README.txt").read_text(encoding="utf-8")
    for name in ("workbook.xlsx", "report.docx"):
        assert MARK in parts_of(written / name)
    assert MARK in (written / "report.html").read_text(encoding="utf-8")
    with closing(sqlite3.connect(written / "town.gpkg")) as base:
        [(metadata,)] = base.execute("SELECT metadata FROM gpkg_metadata")
        descriptions = {text for (text,) in base.execute("SELECT description FROM gpkg_contents")}
    assert MARK in metadata
    assert descriptions == {metadata}


def test_the_notice_of_the_town_stays_before_the_mark(public):
    assert public.town.settings.notice.startswith("内部资料 · ")
    assert MARK in public.town.settings.notice


def test_layers_that_are_not_named_are_left_out(public):
    assert set(public.town.layers) <= set(public_standard().layers)
    assert not {"firms", "farmland_protected", "parcels"} & set(public.town.layers)
    assert set(public_standard().layers) <= set(LAYERS)


def test_every_column_named_for_the_public_is_one_of_its_layer():
    for layer, columns in public_standard().layers.items():
        assert set(columns) <= set(LAYERS[layer].names), layer


def test_no_column_named_for_the_public_counts_people_or_names_an_owner():
    named = {column for columns in public_standard().layers.values() for column in columns}
    hidden = {
        "owner_name",
        "operator",
        "responsible",
        "manager",
        "household_count",
        "status",
        "lease",
        "tax_wan",
    }
    assert not named & hidden
    assert not [column for column in named if column.endswith("people")]


def test_buildings_are_drawn_plain(written):
    data = page_data(written / "maps" / "index.html")
    assert len(data["buildings"]["shapes"]) == 8
    assert set(data["buildings"]["home"]) == {-1}
    assert data["homes"]["people"] == []
    assert "farmland" not in {layer["kind"] for layer in data["ground"]["polygons"]}


def test_areas_and_gaps_are_kept_to_the_last_digit(internal, public):
    for name in ("areas", "gaps"):
        pd.testing.assert_frame_equal(getattr(public.circles, name), getattr(internal.circles, name))
    pd.testing.assert_frame_equal(public.gains.gains, internal.gains.gains)
    pd.testing.assert_frame_equal(public.indicators, internal.indicators)
    pd.testing.assert_frame_equal(summary_table(public), summary_table(internal))


@pytest.mark.parametrize(("count", "is_left_out"), [(9, True), (10, False)])
def test_an_indicator_of_the_people_of_few_dwellings_is_left_out(internal, count, is_left_out):
    homes = internal.circles.dwellings.iloc[[0] * count].assign(block_id="old")
    names = ["near_park_people_share", "green_rate_share"]
    table = pd.DataFrame(
        {"area_kind": "block", "area_id": "old", "indicator": names, "value": [0.5, 0.3], "missing": ""}
    )
    circles = replace(internal.circles, dwellings=homes)
    card = table.rename(columns={"area_id": "block_id"})
    found = public_results(replace(internal, circles=circles, indicators=table, scorecard=card))
    assert found.indicators["value"].isna().tolist() == [is_left_out, False]
    assert found.indicators["missing"].tolist() == ["internal_edition" if is_left_out else "", ""]
    assert found.scorecard["indicator"].tolist() == names[int(is_left_out) :]
    assert table["value"].tolist() == [0.5, 0.3]


def test_what_is_left_out_of_areas_of_few_dwellings_is_said_in_words():
    assert missing_words("internal_edition", lang="en") == "the internal edition (too few homes)"


def test_a_page_tells_the_same_of_its_area(internal, written, tmp_path):
    write_block_maps(internal, folder=tmp_path)
    for name in ("index", "block_01"):
        inside = page_data(tmp_path / f"{name}.html")
        outside = page_data(written / "maps" / f"{name}.html")
        assert [outside[key] for key in ("full", "rows", "cards")] == [
            inside[key] for key in ("full", "rows", "cards")
        ]


def test_spaces_of_houses_firms_and_protected_fields_are_left_out(public):
    assert public.spaces["space_id"].tolist() == ["s1", "s2"]
    assert set(public.uses["space_id"]) == {"s1", "s2"}
    assert public.spaces["evidence"].tolist() == ["water_m=60", "street_m=40"]
    assert public.spaces["bridge_manager"].isna().all()
    assert set(public.spaces["owner"]) == {"unknown"}
    assert public.spaces["protected_m2"].isna().all()


def test_ids_of_spaces_that_are_left_out_stand_nowhere(public, written):
    # An id says in which cell of ten metres a space lies.
    columns = [set(table["space_id"]) for table in tables_in(public) if "space_id" in table]
    assert set.union(*columns) == {"s1", "s2", "s4"}
    assert pd.read_csv(written / "alternatives.csv").empty


def test_a_site_on_a_protected_field_is_a_circle_within_it(internal, public):
    [site] = public.programme.sites.geometry[public.programme.sites["space_id"] == "s4"]
    [field] = internal.programme.sites.geometry[internal.programme.sites["space_id"] == "s4"]
    # A circle of 15 m holds 707 square metres; its corners are rounded to a metre.
    assert site.area == pytest.approx(707, rel=0.05)
    assert field.contains(site.centroid)


def test_a_site_named_for_a_firm_is_named_for_its_use(public):
    assert FIRM not in public.programme.sites["name"][0]
    assert public.programme.sites["gained_people"].tolist() == [55.0, 0.0]


def test_the_programme_of_the_town_counts_who_is_served_and_that_of_a_block_does_not(written):
    # 50 people for the pharmacy and 5 infants for the nursery; two sites for 4 (10,000 yuan).
    town = page_data(written / "maps" / "index.html")["programme"]["sum"]
    assert "全镇选址 2 处" in town
    assert "55 人次" in town
    block = page_data(written / "maps" / "block_01.html")["programme"]["sum"]
    assert block == "本区块选址 1 处 · 估算 2.5 万元"


def test_walks_to_school_that_few_dwellings_share_are_left_out(public, written):
    assert public.school_routes.segments["dwelling_count"].tolist() == [12]
    assert public.school_routes.crossings.empty
    school = page_data(written / "maps" / "index.html")["school"]
    assert school["sums"] == []
    assert school["pieces"]["children"] == [30]


def test_every_coordinate_stands_on_the_grid(internal, public):
    shapes = [table.geometry.to_numpy() for table in tables_in(public) if hasattr(table, "crs")]
    xy = shapely.get_coordinates(np.concatenate([part for part in shapes if len(part)]))
    assert np.array_equal(xy, np.round(xy))
    wide = public_results(internal, grid_m=5).town["streets"].geometry.to_numpy()
    assert not (shapely.get_coordinates(wide) % 5).any()


def test_no_shape_is_lost_or_broken_by_rounding(internal, public):
    for name in public.town.layers:
        assert len(public.town[name]) == len(internal.town[name])
        assert public.town[name].geometry.is_valid.all()
        assert not public.town[name].geometry.is_empty.any()


def test_thin_things_become_one_cell_or_step():
    thin = np.array(
        [shapely.box(0.1, 0.1, 0.2, 0.2), shapely.LineString([(5.1, 5.1), (5.2, 5.2)])], dtype=object
    )
    cell, step = rounded_shapes(thin, grid_m=1)
    assert cell.equals(shapely.box(0, 0, 1, 1))
    assert step.equals(shapely.LineString([(5, 5), (6, 6)]))


def test_a_missing_shape_stays_missing():
    assert rounded_shapes(np.array([None, shapely.Point(0.6, 0)], dtype=object), grid_m=1)[0] is None


def test_findings_of_houses_are_left_out_and_no_finding_says_where(internal, public):
    assert HOUSE in set(internal.findings["feature_id"])
    assert not set(public.findings["layer"]) & {"buildings", "parcels", "addresses", "firms"}
    assert public.findings["point"].isna().all()


def test_nothing_that_was_given_is_changed(internal):
    before = internal.town.fingerprint(), internal.spaces.to_json(), internal.share
    public_results(internal)
    assert (internal.town.fingerprint(), internal.spaces.to_json(), internal.share) == before


def test_what_is_public_stays_so_when_it_is_made_again(public):
    again = public_results(public)
    assert again.share == "public"
    assert again.town.settings.notice.count(MARK) == 1


def test_results_of_a_town_alone_can_be_handed_out(internal):
    alone = type(internal)(internal.town)
    assert public_results(alone).circles is None
    assert public_results(alone).spaces is None


def test_a_chart_bears_the_notice_whatever_is_written_in_it(internal):
    def chart(notice):
        settings = replace(internal.town.settings, notice=notice)
        return gain_chart(
            replace(internal, town=replace(internal.town, settings=settings)), "town", number="T"
        )

    plain, hostile = chart(""), chart("$\\frac{1}$ {{x}}\n\U0001f600 \U00020bb7" + "\u957f" * 10_000)
    assert plain != hostile
    assert hostile.startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "told", [{"boundary": "$\\frac{1}$ \U0001f600 \U00020bb7"}, {"area_name": "$\\left_x$ {{x}}"}]
)
def test_no_name_on_a_chart_is_a_formula_or_a_box(internal, told):
    gains = replace(internal.gains, gains=internal.gains.gains.assign(**told))
    chart = gain_chart(replace(internal, gains=gains), "town", number="T")
    assert chart.startswith(b"\x89PNG")
