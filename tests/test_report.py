"""The report to hand in: what it says, how it is numbered, and that no text of the data does more than be read."""

from __future__ import annotations

import base64
import io
import zipfile
from dataclasses import replace
from html.parser import HTMLParser
from types import SimpleNamespace

import docx
import pandas as pd
import pytest
from docx.oxml.ns import qn
from map_town import map_circles, map_layers
from matplotlib.figure import Figure as Paper
from PIL import Image
from report_towns import (
    bare_results,
    indicator_rows,
    project_rows,
    proposal_rows,
    report_results,
    score_rows,
    space_rows,
)
from test_offline import HOSTILE

import fengmao_geo as fg
from fengmao_geo.export import report, report_blocks, report_sheets, report_text, static_map
from fengmao_geo.export.green_chart import chart_font
from fengmao_geo.export.report_docx import report_document
from fengmao_geo.export.report_html import report_page
from fengmao_geo.export.report_model import Figure, Heading, Paragraph, Table, plain, walk
from fengmao_geo.export.report_parts import circle_words
from fengmao_geo.export.report_text import report_of
from fengmao_geo.export.report_words import Telling
from fengmao_geo.export.static_layers import LegendEntry
from fengmao_geo.export.static_sheet import MapSheet
from fengmao_geo.findings import Finding, findings_table
from fengmao_geo.messages import text

PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
ODD = " ".join((*HOSTILE, "=1+1", "😀", "𠮷", "\x00\x07\x1b\ufffe\u202e", "x" * 10_000))
#: Short enough to stand in every cell, so that nothing of it is cut.
HOSTILE_NAME = "<img src=x onerror=1>${a}`b`{{7*7}}{% raw %}</script>😀𠮷&amp;\\"
TAGS = {
    *("html", "head", "meta", "title", "style", "body", "header", "nav", "main", "section", "div"),
    *("h1", "h2", "h3", "h4", "h5", "p", "b", "span", "ol", "li", "a", "figure", "figcaption", "img"),
    *("table", "caption", "colgroup", "col", "thead", "tbody", "tr", "th", "td"),
}
ATTRIBUTES = {
    "lang",
    "charset",
    "http-equiv",
    "content",
    "name",
    "class",
    "id",
    "href",
    "src",
    "alt",
    "style",
    "colspan",
}


class Page(HTMLParser):
    """Tags, attributes and words of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags, self.attributes, self.words, self.within = set(), [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += attrs
        self.within.append(tag)

    def handle_data(self, data):
        if self.within[-1:] != ["style"]:
            self.words.append(data)


@pytest.fixture(scope="module", autouse=True)
def _no_maps():
    """Draw no maps but where they are the point: they take seconds."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (report_text, report_blocks, report_sheets):
            patch.setattr(module, "static_maps", lambda *_, kinds, **__: dict.fromkeys(kinds, PICTURE))
        yield


@pytest.fixture(scope="module")
def told():
    return report_of(report_results())


@pytest.fixture(scope="module")
def words(told):
    return said(told)


def said(told):
    """Everything a report says, heading by heading: words of paragraphs, and rows of tables."""
    found = []
    for item in walk(told):
        match item.part:
            case Heading(words) | Paragraph(words):
                found.append(words)
            case Table(caption, head, rows):
                found += [f"{item.label} {caption}", " | ".join(head), *(" | ".join(row) for row in rows)]
            case Figure(caption):
                found.append(f"{item.label} {caption}")
    return found


def heads(told, level):
    return [
        item.part.words for item in walk(told) if isinstance(item.part, Heading) and item.part.level == level
    ]


def opened(told):
    return docx.Document(io.BytesIO(report_document(told)))


@pytest.fixture(scope="module")
def document(told):
    return opened(told)


def cells_of(told, caption):
    return next(
        item.part for item in walk(told) if isinstance(item.part, Table) and item.part.caption == caption
    )


def test_chapters_are_numbered_as_official_documents_are(told):
    assert heads(told, 1) == [
        "一、总体情况",
        "二、现状评估",
        "三、更新区块",
        "四、选址方案",
        "五、绿量",
        "六、评分与批次矩阵",
        "七、数据说明与不足",
        "附录  指标公式与出处",
    ]


def test_every_block_has_its_section_by_its_number_and_then_the_proposals(told):
    assert [head for head in heads(told, 2) if "片区" in head or "街区" in head or "拟议" in head] == [
        "（一）丝厂片区",
        "（二）市河街区",
        "（三）拟议更新区块",
    ]


def test_the_third_level_is_numbered_anew_in_every_block(told):
    assert heads(told, 3)[:8] == [
        *(
            "1. 基本情况",
            "2. 指标",
            "3. 设施缺口",
            "4. 可利用空间",
            "5. 选址与项目",
            "6. 底线核查",
            "7. 评分",
        ),
        "1. 基本情况",
    ]


def test_numbers_above_ten_are_written_in_chinese():
    parts = tuple(report_sections("块") for _ in range(21))
    numbered = heads(replace(report_of(bare_results()), sections=parts), 1)
    assert [numbered[at] for at in (9, 10, 19, 20)] == ["十、块", "十一、块", "二十、块", "二十一、块"]


def report_sections(title):
    from fengmao_geo.export.report_model import Section  # noqa: PLC0415  one use

    return Section(title, ())


def test_english_headings_are_numbered_by_their_path():
    told = report_of(report_results(), lang="en")
    assert heads(told, 1)[2] == "3. Renewal blocks"
    assert heads(told, 2)[7:9] == ["3.1 丝厂片区", "3.2 市河街区"]
    assert heads(told, 3)[1] == "3.1.2 Indicators"


def test_tables_and_pictures_are_numbered_each_in_their_order(told):
    labels = [item.label for item in walk(told) if item.label]
    tables = [label for label in labels if label.startswith("表")]
    pictures = [label for label in labels if label.startswith("图")]
    assert tables == [f"表{number}" for number in range(1, len(tables) + 1)]
    assert pictures == [f"图{number}" for number in range(1, len(pictures) + 1)]


def test_the_cover_names_town_dates_and_notice(told):
    assert told.title == "水乡镇更新区块评估与方案报告"
    assert told.lines == ("数据日期：2024-10-31 至 2024-11-30",)
    assert told.notice == "内部资料"


def test_the_town_is_told_in_one_sentence(words):
    # 800 by 600 m; 20 + 20 + 10 + 30 + 4.4 people.
    assert "水乡镇建成区面积48.0 公顷（口径：实际建成区 2024），居住人口84 人。" in words


def test_fewer_than_three_blocks_are_said_to_be_too_few(words):
    assert "更新区块少于3个，申报前须补足。" in words


def test_a_block_where_nobody_lives_has_nobody_and_its_name(told, words):
    assert cells_of(told, "更新区块一览").rows[0] == (
        "1",
        "丝厂片区",
        "存量资产",
        "4.8 公顷",
        "0 人",
        "无居民",
    )
    assert "5分钟生活圈：区内无居民。" in words
    assert cells_of(told, "各区块与全镇生活圈").rows[0][0] == "丝厂片区"


def test_where_some_people_are_not_known_the_share_is_the_least_it_can_be(monkeypatch):
    figures = {"people": 100.0, "reached": 20.0, "unreached": 78.0, "unknown": 2.0, "share": 0.2}
    monkeypatch.setattr("fengmao_geo.export.report_parts.full_set", lambda _circles, _place: {"15": figures})
    telling = Telling(report_results(), "zh")
    [said] = circle_words(telling, telling.blocks()[0])
    assert "占≥20%" in said.words
    assert "因数据不足不能判定的有2 人" in said.words


def test_where_all_people_are_known_nothing_is_said_of_those_that_are_not(monkeypatch):
    figures = {"people": 100.0, "reached": 20.0, "unreached": 80.0, "unknown": 0.0, "share": 0.2}
    monkeypatch.setattr("fengmao_geo.export.report_parts.full_set", lambda _circles, _place: {"15": figures})
    telling = Telling(report_results(), "zh")
    [said] = circle_words(telling, telling.blocks()[0])
    assert "占20%" in said.words
    assert "数据不足" not in said.words


def test_without_a_programme_indicators_have_no_column_for_it():
    told = report_of(report_results(programme=None))
    assert "方案" not in cells_of(told, "丝厂片区指标").head


def test_a_large_sheet_says_of_a_red_line_only_what_it_is(told):
    def needs(tables):
        return [row for table in tables if "底线" in table.caption for row in table.rows if "补充" in row[1]]

    assert needs([item.part for item in walk(told) if isinstance(item.part, Table)])
    assert not needs([table for sheet in told.sheets for table in sheet.tables])


def test_a_column_is_as_wide_as_its_longest_word():
    # 11 letters of 0.64 and 1.1 beside them, of 40.
    table = Table("", ("responsible", "why"), (("a", "long " * 50),), (1.0, 19.0))
    narrow, wide = table.shares(40.0)
    assert narrow == pytest.approx((11 * 0.64 + 1.1) / 40)
    assert narrow + wide == pytest.approx(1.0)


def test_a_date_is_not_parted():
    table = Table("", ("when", "why"), (("2024-03-11 to 2025-12-31", ""),), (1.0, 19.0))
    assert table.shares(40.0)[0] == pytest.approx((10 * 0.64 + 1.1) / 40)


def test_columns_that_are_wide_enough_stay_as_they_are():
    assert Table("", ("a", "b"), (("1", "2"),), (1.0, 3.0)).shares(40.0) == (0.25, 0.75)


@pytest.mark.parametrize("count", [6, 13, 20])
def test_a_legend_keeps_clear_of_the_title_block(count):
    paper = Paper(figsize=(156 / 25.4, 120 / 25.4), dpi=100)
    sheet = MapSheet(paper, (156.0, 120.0), 87.0, chart_font("a"))
    sheet.write_legend([LegendEntry("area", "#fff", "Suspected low-yield plot (to be certified)")] * count)
    paper.draw_without_rendering()
    ends = [words.get_window_extent().x1 for words in sheet.axes.texts]
    assert len(ends) == count
    assert max(ends) <= sheet.title_left / sheet.width * paper.bbox.width


def test_gaps_are_told_worst_first(words):
    assert "15分钟生活圈内缺口最大的是农贸市场（84 人）、幼儿园（51 人）。" in words


def test_indicators_stand_beside_their_targets_and_the_programme(told):
    # The county's target of the scorecard counts, not the shipped 35 %.
    rows = cells_of(told, "市河街区指标").rows
    assert ("绿地率", "21.3%", "34.6%", "≥40.0%", "41.0%") in rows
    assert rows[0] == ("绿化",)


def test_without_a_scorecard_the_shipped_target_stands():
    told = report_of(report_results(scorecard=None))
    assert cells_of(told, "市河街区指标").rows[1][3] == "≥35.0%"


def test_what_is_unknown_and_what_does_not_apply_read_apart(told):
    assert cells_of(told, "丝厂片区指标").rows[1][1] == "数据不足"
    assert cells_of(told, "市河街区指标").rows[3] == ("亩均税收", "—", "不适用", "—", "—")


def test_a_block_names_what_would_settle_its_unknown_indicators():
    rows = indicator_rows()
    is_now = (rows["area_id"] == "old") & (rows["indicator"] == "green_rate_share") & (rows["state"] == "now")
    rows.loc[is_now, ["value", "missing"]] = [None, "green, firms.tax_wan"]
    assert "数据不足的指标：绿地率（须补充绿地、企业的“税收(万元)”）。" in said(
        report_of(report_results(indicators=rows))
    )


def test_what_would_settle_the_unknown_is_listed_once_by_layer(told):
    assert cells_of(told, "可补充的数据").rows == (
        ("企业的“税收(万元)”", "1", "亩均税收"),
        ("更新前绿地", "1", "绿地率"),
    )


def test_spaces_are_named_with_kind_controls_and_uses_and_never_by_id(told, words):
    assert cells_of(told, "市河街区可利用空间").rows == (
        ("丝绸路 东侧", "疑似空闲地块(待核实)", "600", "未涉及", "口袋公园"),
    )
    assert cells_of(told, "丝厂片区可利用空间").rows[0][3:] == (
        "河道管理范围、文物保护范围",
        "没有合适的用途",
    )
    assert "space_0" not in "".join(words)


def test_people_are_whole(told, words):
    assert cells_of(told, "选址清单").rows[0][4] == "12"
    assert "12.37" not in "".join(words)
    assert cells_of(told, "拟议更新区块").rows == (
        ("北街片区", "公共空间", "5.2 公顷", "3", "12 人", "9 人", "空间集中"),
    )


def test_projects_are_those_that_name_the_block_or_lie_in_it(told):
    assert cells_of(told, "市河街区项目").rows == (
        ("河埠头改造", "老旧小区", "2025-03 至 2026-06", "120", "镇城建办", "数据不足", "数据不足"),
        ("老街修缮", "数据不足", "2024-05-01完工", *("数据不足",) * 4),
    )


@pytest.mark.parametrize(
    ("columns", "kind"),
    [
        ({"use": ["pocket_park", None, None], "batch": [None] * 3}, "口袋公园"),
        ({"project_type": ["微改造", None, None], "batch": [None] * 3}, "微改造"),
        ({"project_type": ["facelift", None, None], "batch": [None] * 3}, "数据不足"),
    ],
    ids=["its use", "its own words", "an id"],
)
def test_a_project_is_called_by_what_it_is(columns, kind):
    layers = map_layers() | {"projects": project_rows(**columns)}
    assert cells_of(report_of(report_results(layers=layers)), "市河街区项目").rows[0][1] == kind


def test_a_project_without_dates_has_no_known_time():
    layers = map_layers() | {"projects": project_rows(planned_start_on=[None] * 3, planned_end_on=[None] * 3)}
    assert cells_of(report_of(report_results(layers=layers)), "市河街区项目").rows[0][2] == "数据不足"


def test_red_lines_say_kept_broken_or_what_would_settle_them(told):
    rows = cells_of(told, "市河街区底线核查").rows
    assert [row[3] for row in rows] == ["符合", "突破", "数据不足"]
    assert rows[2][1] == "数据不足（须补充更新项目的“新建建筑面积(m²)”）"
    assert rows[0][4] == "建科〔2021〕63号（V3）"


def test_a_score_without_a_rank_says_none(words):
    scored = [line for line in words if line.startswith("更新前得分41.0分")]
    assert len(scored) == 2
    assert all("位次" not in line for line in scored)
    assert any(line.startswith("现状得分61.5分") and "位次第1" in line for line in words)


def test_what_a_block_lacks_of_the_batches_is_marked(told, words):
    assert cells_of(told, "区块与六个一批").rows[1][-1] == "缺项"
    assert "缺项情况：市河街区缺特色区块。" in words
    assert "各区块均无缺项。" in words
    assert cells_of(told, "区块与六个主题").rows[0][-1] == "指标4"


def test_findings_are_counted_by_kind_with_an_example(told, words):
    assert "读取与计算中共记录数据问题4条：错误2条、已修正1条、提示1条。" in words
    assert [row[:3] for row in cells_of(told, "数据问题汇总").rows] == [
        ("错误", "道路", "2"),
        ("已修正", "道路", "1"),
        ("提示", "更新区块", "1"),
    ]


def test_the_annex_gives_formula_target_and_source(told):
    rows = {row[0]: row for row in cells_of(told, "指标公式与出处").rows}
    assert "≥35.0%" in rows["绿地率"][2]
    assert "GB/T 51346-2019" in rows["绿地率"][2]
    assert rows["亩均税收"][2:] == ("未设目标", "本库公式（P）")


def test_a_step_that_was_not_run_says_so_and_no_section_is_empty():
    told = report_of(bare_results())
    found = said(told)
    steps = ("生活圈", "可利用空间", "选址方案", "增绿成效", "区块评分", "批次与主题矩阵", "拟议更新区块")
    assert all(f"本次未做{step}。" in found for step in steps)
    assert told.sheets == ()
    items = [item.part for item in walk(told)]
    for part, after in zip(items, [*items[1:], None], strict=True):
        if isinstance(part, Heading):
            assert after is not None
            assert not isinstance(after, Heading) or after.level > part.level


def test_steps_not_run_leave_the_blocks_of_a_town_told():
    told = report_of(
        report_results(
            circles=None, spaces=None, programme=None, indicators=None, block_scores=None, red_lines=None
        )
    )
    found = said(told)
    assert "市河街区为2号更新区块，更新类型为老旧小区，面积2.1 公顷，居住人口数据不足。" in found
    assert "本次未做区块指标。" in found
    assert [table.caption for table in told.sheets[1].tables] == []


def test_no_cell_is_empty(told):
    tables = [item.part for item in walk(told) if isinstance(item.part, Table)]
    assert all(cell.strip() for table in tables for row in table.rows for cell in row)
    assert all(len(row) in (1, len(table.head)) for table in tables for row in table.rows)
    assert all(len(table.widths) == len(table.head) for table in tables)


def test_nothing_found_nothing_left_out_reads_so():
    told = report_of(
        report_results(
            findings=findings_table([]),
            spaces=space_rows().iloc[:0],
            proposed_blocks=proposal_rows().iloc[:1],
        )
    )
    found = said(told)
    # Two blocks are too few, which is all that is found.
    assert "读取与计算中共记录数据问题1条：提示1条。" in found
    assert "没有找到可利用空间。" in found
    assert "没有建议增设的更新区块。" in found


def test_where_nobody_counted_people_weights_are_called_what_they_are():
    told = report_of(report_results(circles=replace(map_circles(), people_basis="floor_area")))
    assert "住宅面积（非人口）84 m²（非人口）" in said(told)[2]


def test_a_sheet_shows_its_block_at_a_glance(told):
    sheet = told.sheets[1]
    assert sheet.title == "水乡镇2号更新区块  市河街区"
    assert sheet.lines[1].startswith(
        "更新前得分41.0分（30.0至55.0分）。现状得分60.5分（50.0至70.0分，第2位）。"
    )
    assert [table.caption.removeprefix("市河街区") for table in sheet.tables] == [
        *("指标", "15分钟生活圈设施缺口", "选址", "底线核查")
    ]


def test_the_page_names_its_paper(told):
    page = report_page(told)
    assert "@page { size: A4;" in page
    assert "@page sheet { size: A3 landscape;" in page
    assert page.count('<section class="sheet">') == 2


def test_the_page_may_run_and_load_nothing(told):
    page = Page(report_page(told))
    assert "script" not in page.tags
    assert ("content", report_html_policy()) in page.attributes
    assert all(value.startswith("data:image/png;base64,") for name, value in page.attributes if name == "src")
    assert all(value.startswith("#") for name, value in page.attributes if name == "href")


def report_html_policy():
    return "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"


def test_links_of_the_contents_lead_to_their_headings(told):
    page = Page(report_page(told))
    links = [value[1:] for name, value in page.attributes if name == "href"]
    ids = [value for name, value in page.attributes if name == "id"]
    assert len(links) == len(heads(told, 1)) + len(heads(told, 2))
    assert set(links) <= set(ids)
    assert len(set(ids)) == len(ids)


def test_the_document_has_the_headings_as_styles(told, document):
    read = [
        (line.style.name, line.text) for line in document.paragraphs if line.style.name.startswith("Heading")
    ]
    wanted = [
        (f"Heading {item.part.level}", item.part.words)
        for item in walk(told)
        if isinstance(item.part, Heading)
    ]
    assert read == wanted


def test_the_document_says_what_the_page_says(told, document):
    body = {line.text for line in document.paragraphs}
    cells = [[cell.text for cell in row.cells] for table in document.tables for row in table.rows]
    for item in walk(told):
        if isinstance(item.part, Paragraph):
            assert item.part.words in body
        if isinstance(item.part, Table):
            assert all(list(row) in cells for row in item.part.rows if len(row) > 1)


def test_fonts_of_the_document_are_those_of_official_documents(document):
    styles = document.styles
    fonts = [
        styles[name].element.rPr.rFonts.get(qn("w:eastAsia"))
        for name in ("Normal", "Heading 1", "Heading 2", "Heading 3", "Heading 4")
    ]
    assert fonts == ["仿宋", "黑体", "楷体", "仿宋", "仿宋"]
    assert styles["Normal"].font.size.pt == 16
    assert styles["Normal"].paragraph_format.line_spacing.pt == 28


def test_the_document_changes_to_a_large_sheet_per_block(document):
    sizes = [(round(part.page_width.mm), round(part.page_height.mm)) for part in document.sections]
    assert sizes == [(210, 297), (420, 297), (420, 297)]


def test_heads_of_tables_return_on_every_page_and_rows_are_not_parted(document):
    tables = document.tables[:-2]
    assert all(table.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None for table in tables)
    assert all(row._tr.trPr.find(qn("w:cantSplit")) is not None for table in tables for row in table.rows)


def test_pages_are_numbered_by_a_field(document):
    foot = document.sections[0].footer.paragraphs[0]._p
    assert [mark.text.strip() for mark in foot.iter(qn("w:instrText"))] == ["PAGE"]


def test_the_contents_are_a_field_that_lists_the_headings(told, document):
    body = document.element.body
    assert [mark.text.strip() for mark in body.iter(qn("w:instrText"))] == ['TOC \\o "1-2" \\h \\z \\u']
    links = [link.get(qn("w:anchor")) for link in body.iter(qn("w:hyperlink"))]
    marks = {mark.get(qn("w:name")) for mark in body.iter(qn("w:bookmarkStart"))}
    assert len(links) == len(heads(told, 1)) + len(heads(told, 2))
    assert set(links) <= marks


def test_the_document_knows_no_clock_and_no_author(told, document):
    about = document.core_properties
    assert (about.author, about.last_modified_by, about.created.year) == ("", "", 2000)
    with zipfile.ZipFile(io.BytesIO(report_document(told))) as parts:
        assert {part.date_time for part in parts.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def hostile_results(name):
    """Put a text into every field that a report reads."""
    layers = {}
    for key, layer in map_layers().items():
        fields = {column: name for column in ("name", "use") if column in layer}
        layers[key] = layer.assign(**fields)
    texts = ("name", "project_type", "use", "completed_on", "responsible", "operator", "funding")
    layers["projects"] = project_rows(**{column: [name] * 3 for column in texts}, batch=[None] * 3)
    circles = map_circles()
    circles = replace(
        circles,
        walker=circles.walker.model_copy(update={"name_zh": name}),
        catalogue=circles.catalogue.model_copy(update={"name_zh": name}),
        areas=circles.areas.assign(area_name=name),
    )
    fine = report_results()
    return report_results(
        layers=layers,
        circles=circles,
        name=name,
        settings=SimpleNamespace(
            boundary_basis=name, boundary_year=2024, notice=name, dates={"streets": name}
        ),
        findings=findings_table(
            [Finding("gap_joined", "streets", name, name, {"other": name, "gap_m": 0.4})]
        ),
        spaces=space_rows((name, name)),
        indicators=fine.indicators.assign(area_name=name, missing=name, value=float("nan")),
        block_scores=fine.block_scores.assign(block_name=name),
        red_lines=fine.red_lines.assign(red_line=[f"{name}{at}" for at in range(6)], source=name, unit=name),
        block_matrix=fine.block_matrix.assign(block_name=name),
        proposed_blocks=fine.proposed_blocks.assign(block_name=name, reason=name),
    )


@pytest.mark.parametrize("name", [HOSTILE_NAME, ODD], ids=["short", "everything"])
def test_hostile_text_is_only_read(name):
    told = report_of(hostile_results(name))
    page = Page(report_page(told))
    assert page.tags <= TAGS
    assert {name for name, _ in page.attributes} <= ATTRIBUTES
    assert plain(name) in "".join(page.words)
    assert "{{" not in report_page(told).replace("{{{", "")
    body = {line.text for line in opened(told).paragraphs}
    assert any(plain(name) in line for line in body)


def test_the_notice_in_the_margin_cannot_leave_its_style():
    told = replace(report_of(bare_results()), notice='"; } </style><script>1</script> {{7*7}} \\')
    style = report_page(told).split("<style>")[1].split("</style>")[0]
    line = next(line for line in style.splitlines() if "@top-right" in line and "A4" in line)
    assert line.count("{") == line.count("}")
    assert "<" not in style.replace("\\3c", "")
    assert "script" not in Page(report_page(told)).tags


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("a\n b\tc", "a b c"),
        ("\x00\x07\ud800\ufffe\u202e", ""),
        ("😀𠮷", "😀𠮷"),
        ("x" * 10_000, "x" * 199 + "…"),
        (None, "None"),
    ],
    ids=["lines", "control", "beyond", "long", "none"],
)
def test_a_text_becomes_one_line_that_a_document_can_hold(value, words):
    assert plain(value) == words


def test_both_files_are_written_or_none(tmp_path, monkeypatch):
    def fail(_):
        raise OSError

    monkeypatch.setattr(report, "report_document", fail)
    with pytest.raises(OSError):  # noqa: PT011  our own
        fg.write_report(bare_results(), folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_files_are_the_same_bytes_twice_with_their_maps(tmp_path, monkeypatch):
    for module in (report_text, report_blocks, report_sheets):
        monkeypatch.setattr(module, "static_maps", static_map.static_maps)
    layers = map_layers()
    layers["blocks"] = layers["blocks"].iloc[:1]
    results = report_results(layers=layers, spaces=None, programme=None)
    files = [fg.write_report(results, folder=tmp_path / place) for place in ("a", "b")]
    assert [path.name for path in files[0]] == ["report.html", "report.docx"]
    assert [path.read_bytes() for path in files[0]] == [path.read_bytes() for path in files[1]]


@pytest.mark.parametrize("name", [HOSTILE_NAME, ODD], ids=["short", "everything"])
def test_hostile_names_stand_on_maps_as_far_as_fonts_have_them(name):
    results = hostile_results(name)
    place = report_text.Telling(results, "zh").blocks()[1]
    kinds = ("green", "all")
    drawn = static_map.static_maps(results, place, kinds=kinds, size_mm=(156.0, 120.0))
    sizes = {Image.open(io.BytesIO(png)).size for png in drawn.values()}
    assert sizes == {(921, 708)}
    assert len(set(drawn.values())) == len(kinds)


def test_without_a_font_for_chinese_maps_are_in_english(monkeypatch):
    spoken = []

    def drawn(paper, *_):
        spoken.append(paper.lang)
        return b""

    monkeypatch.setattr(static_map, "chart_font", lambda *_, **__: None)
    monkeypatch.setattr(static_map, "_drawn", drawn)
    results = report_results()
    place = report_text.Telling(results, "zh").blocks()[0]
    static_map.static_maps(results, place, kinds=["reach"], size_mm=(156.0, 120.0))
    assert spoken == ["en"]


def test_a_map_of_steps_not_run_says_so():
    canvas = SimpleNamespace(lang="zh")
    from fengmao_geo.export.static_layers import draw_theme  # noqa: PLC0415  one use

    legend = draw_theme(canvas, bare_results(), "all")
    assert [entry.words for entry in legend] == [
        "本次未做生活圈。",
        "本次未做可利用空间。",
        "本次未做选址方案。",
    ]


def test_homes_are_sorted_by_the_share_of_types_they_reach():
    from fengmao_geo.export.static_layers import home_classes  # noqa: PLC0415  one use

    # Asked for: health station, kindergarten, nursery (not surveyed), market. The first home reaches two of
    # four and lacks the market; the fourth one of four; the last is off the streets: nothing is known.
    classes = home_classes(map_circles(), ["b0", "b3", "b5"])
    assert classes.tolist()[:2] == [1, 0]
    assert classes.tolist()[2] == 6


def test_a_scale_is_round():
    from fengmao_geo.export.static_sheet import _nice  # noqa: PLC0415  one use

    assert [_nice(most) for most in (9.9, 10, 49, 180, 260)] == [5, 10, 20, 100, 200]


def test_words_break_behind_chinese_letters_and_blanks():
    from fengmao_geo.export.static_sheet import _wrapped  # noqa: PLC0415  one use

    assert _wrapped("数据日期 Gauss Kruger", 6.0) == ["数据日期", "Gauss", "Kruger"]


def test_every_word_of_a_report_stands_in_both_languages():
    for results in (report_results(), bare_results()):
        assert len(list(walk(report_of(results, lang="en")))) == len(list(walk(report_of(results))))
    assert text("report.chapter_green", lang="en") == "Green"


def test_rows_beyond_the_first_are_counted():
    many = pd.concat([space_rows().iloc[:1]] * 17, ignore_index=True)
    many = many.assign(space_id=[f"s{at:02d}" for at in range(17)])
    told = report_of(report_results(spaces=many))
    assert len(cells_of(told, "市河街区可利用空间").rows) == 15
    assert "注：另有2项未列出。" in said(told)


def test_a_block_without_rows_in_the_scores_says_so():
    rows = score_rows()
    told = report_of(report_results(block_scores=rows[rows["block_id"] == "works"]))
    assert "没有可评分的指标。" in said(told)
