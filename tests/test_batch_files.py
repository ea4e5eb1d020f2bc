"""Towns side by side: sheets, outlines, one map; classes of colours; reasons in words."""

from __future__ import annotations

import io
import re
from pathlib import Path

import geopandas as gpd
import pytest
from openpyxl import load_workbook

import fengmao_geo as fg
from fengmao_geo.batch.task import blank_record, failed_record
from fengmao_geo.errors import TableError, TownError, UsageError
from fengmao_geo.export.batch_map import _classes, overview_page
from fengmao_geo.export.batch_words import fault_words, reason_words, value_words
from fengmao_geo.export.theme import theme
from fengmao_geo.findings import Finding, findings_table
from fengmao_geo.messages import group_keys
from fengmao_geo.standards.batch import batch_standard, headlines
from fengmao_geo.tables.batch import batch_table

#: Where words of the user's own stand, what a browser, a template or a workbook could take for its own.
HOSTILE = "</script><script>alert(1)</script>{{7*7}}=1+1"
BY_ID = {one.headline: one for one in headlines()}
#: Pixels from the map's upper edge: where the card ends, and where the outlines of towns begin.
BELOW_THE_CARD = """() => {
  const map = Object.values(window).find((one) => one instanceof L.Map);
  const tops = [];
  map.eachLayer((one) => {
    if (one instanceof L.Polygon) tops.push(map.latLngToContainerPoint(one.getBounds().getNorthWest()).y);
  });
  const card = document.querySelector(".leaflet-popup-content-wrapper").getBoundingClientRect();
  return [card.bottom - map.getContainer().getBoundingClientRect().top, tops];
}"""


def done(town_id, *, east_deg=0.0, name=None, **figures):
    ring = [(120 + east_deg, 30), (120.01 + east_deg, 30), (120.01 + east_deg, 30.01), (120 + east_deg, 30)]
    outline = ", ".join(f"{x:.6f} {y:.6f}" for x, y in ring)
    return blank_record({"town_id": town_id}) | {
        "town_name": name or town_id,
        "state": "done",
        "outline": f"POLYGON (({outline}))",
        "headline": figures,
        "findings": {"warning": 3},
        "notice": "内部资料",
        "boundary": "实际建成区 2024",
        "data_on": "2024-12-31",
        "seconds": 1.0,
        "peak_gib": 0.1,
        "attempts": 1,
    }


def failed(town_id, reason="timeout", **values):
    return failed_record({"town_id": town_id, "town": "town.toml", "attempts": 0}, reason, **values)


def records(*rows):
    return batch_table(rows)


SOME = (
    done("west", full_set_15_min_share=0.25, people=1200.4, idle_floor_m2=10.0),
    done("east", east_deg=0.3, full_set_15_min_share=0.75, people=800.0),
    failed("north", limit_min=60),
)


def sheets(folder):
    book = load_workbook(folder / "summary.xlsx")
    return [[[cell.value for cell in row] for row in sheet.iter_rows()] for sheet in book.worksheets]


def column(rows, head):
    at = next(row for row, cells in enumerate(rows) if head in cells)
    return [cells[rows[at].index(head)] for cells in rows[at + 1 :]]


def test_the_towns_stand_in_the_order_of_their_ids_whatever_the_order_they_came_in(tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    fg.write_batch_summary(records(*SOME), folder=one)
    fg.write_batch_summary(records(*SOME).iloc[::-1], folder=other)
    assert [path.name for path in sorted(one.iterdir())] == ["overview.html", "summary.gpkg", "summary.xlsx"]
    assert all(path.read_bytes() == (other / path.name).read_bytes() for path in one.iterdir())
    assert column(sheets(one)[0], "镇") == ["east", "west"]


def test_times_and_memory_change_nothing_that_is_written(tmp_path):
    slow = tuple(row | {"seconds": 900.0, "peak_gib": 3.0} for row in SOME)
    fg.write_batch_summary(records(*SOME), folder=tmp_path / "one")
    fg.write_batch_summary(records(*slow), folder=tmp_path / "other")
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "other" / path.name).read_bytes()


def test_figures_are_rounded_as_people_read_them_and_what_is_unknown_says_so(tmp_path):
    fg.write_batch_summary(records(*SOME), folder=tmp_path)
    towns = sheets(tmp_path)[0]
    assert column(towns, "人口(人)") == [800, 1200]
    assert column(towns, "15分钟生活圈全配人口比例(%)") == [0.75, 0.25]
    assert column(towns, "闲置建筑面积(m²)") == ["数据不足", 10]
    assert column(towns, "数据问题:提示") == [3, 3]


def test_a_failed_town_stands_with_its_reason_and_what_to_do(tmp_path):
    fg.write_batch_summary(records(*SOME), folder=tmp_path, lang="en")
    rows = sheets(tmp_path)[1]
    assert column(rows, "town") == ["north"]
    assert column(rows, "why") == ["not done after 60 minutes"]
    assert column(rows, "what to do")[0].startswith("allow more with --timeout")


def test_outlines_are_polygons_in_degrees_of_cgcs2000_and_a_failed_town_has_none(tmp_path):
    fg.write_batch_summary(records(*SOME), folder=tmp_path)
    layer = gpd.read_file(tmp_path / "summary.gpkg").set_index("town_id")
    assert layer.crs.to_epsg() == 4490
    assert layer.geometry["west"].bounds == pytest.approx((120, 30, 120.01, 30.01))
    assert layer.geometry["north"] is None
    assert layer.loc["north", "found"] == "60 分钟内未算完"
    assert layer.loc[["east", "west"], "full_set_15_min_share"].tolist() == [0.75, 0.25]
    assert layer.loc["west", "people"] == 1200.4


def test_a_batch_of_which_nothing_is_done_is_written_too(tmp_path, show):
    fg.write_batch_summary(records(failed("north", limit_min=60)), folder=tmp_path)
    shown = show(tmp_path / "overview.html")
    assert (shown.drawn["towns"], shown.drawn["failures"]) == (0, 1)
    assert "还没有完成的镇" in shown.text
    assert shown.complaints == []


def test_the_map_is_coloured_by_what_the_reader_chooses(tmp_path, show):
    fg.write_batch_summary(records(*SOME), folder=tmp_path, lang="en")
    shown = show(tmp_path / "overview.html")
    assert (shown.requests, shown.complaints) == ([], [])
    assert shown.drawn == {"towns": 2, "failures": 1, "chosen": batch_standard().first, "names": 2}
    ranks = "Array.from(document.querySelectorAll('.town-called'), (one) => one.textContent)"
    assert shown.page.evaluate(ranks) == ["east", "west"]
    shown.page.select_option("select", "idle_floor_m2")
    # The less idle the better; what is not known comes last.
    assert shown.page.evaluate(ranks) == ["west", "east"]
    shown.page.click(".town-row >> nth=0")
    card = shown.page.inner_text(".town-card")
    card_bottom, town_tops = shown.page.evaluate(BELOW_THE_CARD)
    assert town_tops
    assert card_bottom <= min(town_tops)
    assert "boundary: 实际建成区 2024 · data as of: 2024-12-31" in card
    assert "Colours part the towns by rank" in shown.text
    assert "do not compare" in shown.text
    assert shown.page.get_attribute(".town-card a", "href") == "towns/west/maps/index.html"
    assert shown.drawn["chosen"] == "idle_floor_m2"


def test_towns_of_one_name_are_told_apart_by_their_ids(tmp_path, show):
    rows = [
        done(town_id, name=name, people=1.0)
        for town_id, name in (("a", "城关镇"), ("b", "城关镇"), ("c", "南镇"))
    ]
    fg.write_batch_summary(records(*rows), folder=tmp_path)
    shown = show(tmp_path / "overview.html")
    ranks = "Array.from(document.querySelectorAll('.town-called'), (one) => one.textContent)"
    assert sorted(shown.page.evaluate(ranks)) == ["南镇", "城关镇(a)", "城关镇(b)"]


def test_names_and_reasons_are_text_wherever_they_stand(tmp_path, show):
    rows = (done("west", name=HOSTILE, people=1.0), failed("north", "broken", cause=HOSTILE))
    fg.write_batch_summary(records(*rows), folder=tmp_path)
    page = (tmp_path / "overview.html").read_text(encoding="utf-8")
    assert "{{7" not in page
    assert "<script>alert" not in page
    shown = show(tmp_path / "overview.html")
    assert shown.complaints == []
    assert shown.text.count(HOSTILE) >= 2
    book = load_workbook(io.BytesIO((tmp_path / "summary.xlsx").read_bytes()))
    assert all(cell.data_type != "f" for sheet in book for row in sheet.iter_rows() for cell in row)


def test_the_same_page_is_written_twice():
    assert overview_page(records(*SOME)) == overview_page(records(*SOME))


def test_records_that_are_not_as_declared_are_refused(tmp_path):
    with pytest.raises(TableError):
        fg.write_batch_summary(records(*SOME).assign(state="lost"), folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_towns_are_parted_into_classes_of_as_many():
    found = _classes([float(number) for number in range(10)], BY_ID["people"], "en")
    assert found.of_town == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    assert found.labels[0] == "0 \u2013 1 people"
    assert found.colours == theme()["batch"]["steps"]


def test_towns_alike_are_never_parted():
    found = _classes([0.0] * 7 + [0.5, None, 1.0], BY_ID["full_set_15_min_share"], "en")
    assert len({*found.of_town[:7]}) == 1
    assert found.of_town[8] is None
    assert found.of_town[0] < found.of_town[7] <= found.of_town[9]


def test_towns_whose_figures_read_alike_are_never_parted():
    found = _classes([0.2151, 0.1916, 0.1621, 0.1494, 0.189, 0.1697], BY_ID["full_set_15_min_share"], "en")
    assert found.labels == ["15% \u2013 16%", "17%", "19%", "22%"]
    assert found.of_town == [3, 2, 0, 0, 2, 1]


def test_where_less_is_better_the_least_has_the_colour_of_the_best():
    ramp = theme()["batch"]["steps"]
    less = _classes([1.0, 2.0, 3.0, 4.0, 5.0], BY_ID["idle_floor_m2"], "en")
    more = _classes([0.1, 0.2, 0.3, 0.4, 0.5], BY_ID["green_rate_share"], "en")
    assert (less.colours, more.colours) == (ramp[::-1], ramp)


def test_one_class_says_neither_best_nor_worst():
    found = _classes([0.3, 0.3], BY_ID["green_rate_share"], "en")
    assert found.colours == [theme()["batch"]["steps"][2]]
    assert _classes([None], BY_ID["people"], "en").labels == []


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_reason_has_words_in_both_languages(lang):
    values = {"limit_gib": 4, "limit_min": 60, "cause": "SIGKILL", "faults": "-"}
    for key in group_keys("batch.reason"):
        reason = key.split(".")[2]
        found, remedy = reason_words(
            {"town_id": "east", "reason": reason, "reason_values": values}, lang=lang
        )
        assert found
        assert remedy
        assert bool(re.search(r"[\u4e00-\u9fff]", found + remedy)) == (lang == "zh")


def test_what_is_wrong_with_several_layers_alike_is_told_once_with_their_names():
    one = {"file": "town.gpkg", "stated": 9, "size": 3, "shapes": 1, "rows": 2}
    found = findings_table(
        [
            Finding("file_cut", "buildings", values=one),
            Finding("file_cut", "built_up", values=one),
            Finding("file_cut", "blocks", values=one | {"file": "other.gpkg"}),
            Finding("street_length", "streets", "s2"),
            Finding("gap_joined", "streets", "s1", values={"other": "s3", "gap_m": 0.4}),
        ]
    )
    fault = TownError("town_faults", found, count=4, name="west")
    said = fault_words(fault).splitlines()
    assert said[0] == "镇的数据有 4 处错误,须先改正"
    assert {line.split(": ")[0] for line in said[1:]} == {"- 更新区块", "- 建筑、建成区", "- 道路 s2"}
    assert "; " not in "".join(said)
    assert fault_words(UsageError("batch_no_towns"), lang="en").startswith("no town was named")


def test_of_many_faults_the_first_are_told_and_the_others_counted():
    faults = "\n".join(["faults: 9", *(f"- s{number}" for number in range(9))])
    town = {"town_id": "east", "reason": "faults", "reason_values": {"zh": "-", "en": faults}}
    found, remedy = reason_words(town, lang="en")
    assert remedy.startswith('list them with fengmao check "east",')
    # On a screen, though not in files, which are the same wherever the data lie, the folder is named.
    assert 'fengmao check "/a/east"' in reason_words(town, lang="en", folder=Path("/a/east")).remedy
    assert found.splitlines() == [
        "faults: 9",
        *(f"- s{number}" for number in range(5)),
        "… and 4 more; see fengmao check",
    ]


def test_a_share_bears_its_per_cent_once_and_a_count_no_unit_in_english():
    assert value_words(0.256, BY_ID["full_set_15_min_share"], lang="en") == "26%"
    assert value_words(3.0, BY_ID["block_count"], lang="en") == "3"
