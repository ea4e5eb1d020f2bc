"""How cells are written, and sheets as a workbook: units, missing values, long and hostile texts, charts, print set-up."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import openpyxl
import pandas as pd
import pytest
from openpyxl.utils.escape import unescape

from fengmao_geo.export.sheet_cells import cut, long_texts, plain_text, text_width, unit_name, written
from fengmao_geo.export.sheet_writer import workbook_bytes
from fengmao_geo.export.sheets import Head, Measure, Sheet, SheetChart, SheetTable

NAME, PEOPLE, SHARE = Head("name"), Head("people", "people"), Head("share", "share", colour="attained")


def table(*rows, heads=(NAME, PEOPLE, SHARE), **options):
    return SheetTable(heads, [list(row) for row in rows], "town", **options)


def opened(*parts, notice="", title="", **options):
    sheet = Sheet("S", parts, **options)
    data = workbook_bytes([sheet], title=title, notice=notice)
    return openpyxl.load_workbook(io.BytesIO(data))["S"]


def xml(*parts, inside, **options):
    with zipfile.ZipFile(io.BytesIO(workbook_bytes([Sheet("S", parts, **options)]))) as book:
        return "".join(book.read(name).decode() for name in book.namelist() if inside in name)


def test_people_are_whole():
    told = written(12.37, "people")
    assert (told.value, told.number_format) == (12, "#,##0")
    assert isinstance(told.value, int)


@pytest.mark.parametrize(
    ("value", "unit", "stored", "pattern"),
    [
        (0.352, "share", 0.352, "0%"),
        (0.352, "share_fine", 0.352, "0.0%"),
        (0.004, "share", 0.004, '"<1%"'),
        (0.9962, "share", 0.9962, '">99%"'),
        (0.0, "share", 0.0, "0%"),
        (1.0, "share", 1.0, "0%"),
        (12.345, "wan", 12.345, "#,##0.0"),
        (3.14159, "ha", 3.1416, "#,##0.00"),
        (1999.0, "year", 1999, "0"),
        (1234.6, "m2", 1235, "#,##0"),
        (0.123456, "unheard_of", 0.1235, "#,##0.00"),
    ],
)
def test_a_number_is_written_by_its_unit(value, unit, stored, pattern):
    told = written(value, unit)
    assert (told.value, told.number_format) == (stored, pattern)


@pytest.mark.parametrize("value", [None, float("nan"), np.nan, pd.NA])
def test_what_is_not_known_reads_so(value):
    assert written(value, "people").value == "数据不足"
    assert written(value, "people", lang="en").value == "not enough data"
    assert written(value, "people").mood == "unknown"


def test_what_does_not_apply_reads_so():
    assert written(np.inf, "m").value == "不适用"
    assert written(Measure(np.inf, "m"), "", lang="en").value == "not applicable"


def test_an_empty_text_is_a_dash():
    assert written("", "").value == "-"


def test_yes_and_no_are_words():
    assert [written(value, "").value for value in (True, np.False_)] == ["是", "否"]


def test_a_measure_brings_its_own_unit_and_sign():
    told = written(Measure(3.25, "points", "+"), "people")
    assert (told.value, told.number_format) == (3.25, "+#,##0.0;-#,##0.0;#,##0.0")
    assert written(Measure(86.4, "people", ">="), "").number_format == '"≥"#,##0'


@pytest.mark.parametrize(("unit", "name"), [("people", "人"), ("wan", "万元"), ("", ""), ("=1+1", "=1+1")])
def test_a_unit_is_called_by_name(unit, name):
    assert unit_name(unit) == name


def test_a_unit_of_the_standard_is_called_in_english():
    assert unit_name("ha", lang="en") == "ha"


def test_a_text_that_fits_is_left():
    assert cut("字" * 32_767) == "字" * 32_767


def test_a_text_that_no_cell_holds_is_cut_and_says_so():
    told = cut("x" * 40_000)
    assert len(told) == 32_767
    assert told.endswith("原文 40,000 字)")


def test_a_character_of_two_units_is_not_cut_in_half():
    told = cut("😀" * 20_000)
    assert len(told.encode("utf-16-le")) // 2 <= 32_767
    assert "\ufffd" not in told
    told.encode("utf-8")


def test_cut_texts_are_listed_by_sheet_and_column():
    sheet = Sheet("S", [table(["x" * 40_000, 1.0, 0.5], ["y", 1.0, 0.5])])
    assert long_texts([sheet]) == ["S·名称:1 处"]
    assert long_texts([Sheet("S", [table(["y", 1.0, 0.5])])]) == []


@pytest.mark.parametrize(("words", "width"), [("abc", 3), ("口径", 4), ("口径a", 5), ("a\n口径", 4), ("", 0)])
def test_chinese_characters_are_two_digits_wide(words, width):
    assert text_width(words) == width


def test_half_of_a_pair_becomes_the_sign_for_it():
    assert written("a\ud800b\uffff", "").value == "a\ufffdb\ufffd"
    assert plain_text("a\ud800") == "a\ufffd"


def test_a_line_for_a_footer_holds_no_control_character():
    assert plain_text("a\x01\x02\r\nb") == "a b"


def test_a_sheet_without_a_title_begins_with_its_head():
    sheet = opened(table(["a", 1.0, 0.5], has_filter=True))
    assert [cell.value for cell in sheet[1]] == ["名称", "人口", "占比"]
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:C2"


def test_below_a_title_stand_town_and_notice_and_notes():
    sheet = openpyxl.load_workbook(
        io.BytesIO(
            workbook_bytes(
                [
                    Sheet(
                        "S",
                        [table(["a", 1.0, 0.5], has_filter=True)],
                        title="标题",
                        notes=["说明"],
                        frozen_count=1,
                    )
                ],
                title="镇",
                notice="内部资料",
            )
        )
    )["S"]
    assert [sheet[f"A{row}"].value for row in (1, 2, 3, 4)] == ["标题", "镇 · 内部资料", "说明", "名称"]
    assert sheet.freeze_panes == "B5"
    assert sheet.print_title_rows == "$4:$4"


def test_tables_after_one_another_have_their_titles_and_only_the_sheets_title_stays():
    sheet = opened(table(["a", 1.0, 0.5]), table(["b", 2.0, 0.1], title="第二表"))
    values = [row[0].value for row in sheet.iter_rows()]
    assert values == ["名称", "a", None, "第二表", "名称", "b"]
    assert sheet.freeze_panes == "A3"


def test_a_sheet_is_printed_on_one_page_across_with_the_notice_below():
    sheet = opened(table(["a", 1.0, 0.5]), notice="A&B 内部资料", paper="A3")
    assert sheet.page_setup.orientation == "landscape"
    assert sheet.page_setup.paperSize == 8
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert sheet.page_setup.fitToHeight == 0
    assert sheet.oddFooter.left.text.replace("&&", "&") == "A&B 内部资料"


def test_a_notice_of_a_thousand_characters_is_shortened_below_the_page():
    sheet = opened(table(["a", 1.0, 0.5]), notice="密" * 1000)
    assert sheet.oddFooter.left.text.endswith("…")


@pytest.mark.parametrize(
    "words", ["=1+1", '=HYPERLINK("http://x")', "+cmd", "@SUM(A1)", "-1", "http://x.example", "{=1}", "007"]
)
def test_text_is_never_a_formula_a_link_or_a_number(words):
    sheet = opened(table([words, 1.0, 0.5]))
    assert (sheet["A2"].value, sheet["A2"].data_type) == (words, "s")
    assert sheet["A2"].hyperlink is None


@pytest.mark.parametrize("words", ["a\x00b", "\x01\x07\x1b", "a\r\nb\tc", "_x0041_", " a ", "😀𠮷"])
def test_any_character_comes_back_as_typed(words):
    sheet = opened(table([words, 1.0, 0.5]))
    assert unescape(sheet["A2"].value.replace("__x0041_", "_x0041_")) in (words, unescape(words))


def test_rows_that_sum_up_are_bold():
    sheet = opened(table(["a", 1.0, 0.5], ["all", 1.0, 0.5], total_count=1))
    assert [sheet[f"A{row}"].font.b for row in (2, 3)] == [False, True]


def test_a_row_with_a_long_text_is_higher():
    sheet = opened(table(["字" * 100, 1.0, 0.5], ["a", 1.0, 0.5]))
    assert sheet.row_dimensions[2].height > 60
    assert sheet.row_dimensions[3].height is None


def test_no_row_is_higher_than_excel_allows():
    assert opened(table(["字" * 20_000, 1.0, 0.5])).row_dimensions[2].height == pytest.approx(409, abs=0.5)


def test_columns_are_as_wide_as_their_text_and_no_wider_than_allowed():
    sheet = opened(table(["市河历史街区", 1.0, 0.5], ["字" * 100, 1.0, 0.5]))
    narrow = opened(table(["市河历史街区", 1.0, 0.5]))
    assert narrow.column_dimensions["A"].width > 12
    assert sheet.column_dimensions["A"].width < 55
    capped = opened(table(["字" * 100], heads=[Head("name", widest=20)]))
    assert capped.column_dimensions["A"].width < 25


def test_numbers_are_coloured_by_their_size_and_texts_by_what_they_say():
    heads = (Head("name", tones={"缺项": "#b3261e"}), SHARE, Head("lacking_people", "people", colour="bar"))
    rules = opened(table(["缺项", 0.2, 5.0], heads=heads)).conditional_formatting
    kinds = sorted(rule.type for ranged in rules for rule in ranged.rules)
    assert kinds == ["cellIs", "colorScale", "dataBar"]


def chart(**options):
    return SheetChart(0, "图", 0, [1], 2, **options)


def test_a_chart_draws_the_columns_of_its_table():
    drawn = xml(table(["a", 5.0, 0.5], ["b", 7.0, 0.1]), chart(), inside="charts/chart")
    assert "<c:f>S!$A$2:$A$3</c:f>" in drawn
    assert "<c:f>S!$B$2:$B$3</c:f>" in drawn
    assert '<c:barDir val="col"/>' in drawn


def test_a_bar_that_is_not_known_says_so():
    drawn = xml(table(["a", 5.0, 0.5], ["b", None, 0.1]), chart(), inside="charts/chart")
    assert "数据不足" in drawn


def test_a_chart_of_nothing_is_not_drawn():
    assert xml(table(["a", None, 0.5], ["b", None, 0.1]), chart(), inside="charts/chart") == ""
    assert xml(table(["a", 0.0, 0.5], ["b", None, 0.1]), chart(), inside="charts/chart") == ""


def test_a_series_of_which_nothing_is_known_is_left_out():
    two = SheetChart(0, "图", 0, [1, 2], 2)
    drawn = xml(table(["a", None, 0.5], ["b", None, 0.1]), two, inside="charts/chart")
    assert drawn.count("<c:ser>") == 1


def test_a_chart_that_lies_is_read_from_the_top():
    drawn = xml(table(["a", 5.0, 0.5], ["b", 7.0, 0.1]), chart(is_bar=True), inside="charts/chart")
    names = drawn[drawn.index("<c:catAx>") : drawn.index("</c:catAx>")]
    assert '<c:barDir val="bar"/>' in drawn
    assert '<c:orientation val="maxMin"/>' in names


def test_a_name_with_control_characters_breaks_no_chart():
    drawn = xml(table(["a\x01<b>&", 5.0, 0.5], ["b", 7.0, 0.1]), chart(), inside="charts/chart")
    assert "\x01" not in drawn
    assert "a &lt;b&gt;&amp;" in drawn


def test_charts_stand_side_by_side_where_the_sheet_is_wide():
    wide = [Head("name"), *(Head("people", "people", label=f"{'字' * 20}{at}") for at in range(9))]
    rows = [["a", *[1.0] * 9], ["b", *[2.0] * 9]]
    book = openpyxl.load_workbook(
        io.BytesIO(workbook_bytes([Sheet("S", [table(*rows, heads=wide), chart(), chart()])]))
    )
    anchors = [one.anchor._from.row for one in book["S"]._charts]
    assert len(set(anchors)) == 1
    low = openpyxl.load_workbook(
        io.BytesIO(workbook_bytes([Sheet("S", [table(["a", 5.0, 0.5], ["b", 7.0, 0.1]), chart(), chart()])]))
    )
    assert len({one.anchor._from.row for one in low["S"]._charts}) == 2


def test_the_same_sheets_are_the_same_bytes():
    sheets = [Sheet("S", [table(["a", 5.0, 0.5], ["b", 7.0, 0.1]), chart()], title="T", notes=["n"])]
    assert workbook_bytes(sheets, title="t", notice="n") == workbook_bytes(sheets, title="t", notice="n")
