"""The workbook that is handed in, reopened: every sheet, names, units, what is not known, hostile text, bare towns."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import openpyxl
import pandas as pd
import pytest
from book_towns import BLOCKS, BookTown, book_layers, book_results, settings
from map_town import map_circles
from openpyxl.utils.escape import unescape
from report_towns import proposal_rows
from town_layers import good_layers

import fengmao_geo as fg
from fengmao_geo.export.sheets import SheetChart
from fengmao_geo.export.workbook import workbook_sheets
from fengmao_geo.messages import has_text, text
from fengmao_geo.results import Results
from fengmao_geo.town.town import Town

SHEETS = [
    "口径",
    "镇情",
    "区块一览",
    "批次矩阵",
    "指标",
    "分社区缺口",
    "空间台账",
    "存量台账",
    "特殊地块",
    "底线核查",
    "项目库",
    "绿量",
    "评分",
    "进度",
    "数据问题",
    "字段说明",
]
UNKNOWN, NONE = "数据不足", "不适用"
HOSTILE = [
    '=HYPERLINK("http://x","y")',
    "+cmd|' /C calc'!A0",
    "@SUM(1+1)",
    "http://x.example/😀𠮷{{7*7}}${1}`</script><img src=x onerror=y>",
    "a\x01\x07\x1bb\r\nc",
    "x" * 10_000,
    "长" * 40_000,
]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    path = tmp_path_factory.mktemp("book") / "town.xlsx"
    assert fg.write_workbook(book_results(), path) == path
    return path


@pytest.fixture(scope="module")
def book(written):
    return openpyxl.load_workbook(written)


def reopened(results, folder, **options):
    return openpyxl.load_workbook(fg.write_workbook(results, folder / "t.xlsx", **options))


def rows(book, name, head, *, after=0):
    """Read the rows below the line whose first cells are the heads named, each as a dictionary."""
    lines = [[cell.value for cell in line] for line in book[name].iter_rows()]
    at = next(place for place, line in enumerate(lines) if place >= after and head in line)
    heads = lines[at]
    found = []
    for line in lines[at + 1 :]:
        if line[0] is None:
            break
        found.append(dict(zip(heads, line, strict=True)))
    return found


def one(book, name, head, value):
    return next(row for row in rows(book, name, head) if row[head] == value)


def texts(book):
    return [
        (sheet.title, cell.value)
        for sheet in book
        for line in sheet.iter_rows()
        for cell in line
        if cell.value is not None
    ]


def test_the_sheets_stand_in_their_order(book):
    assert book.sheetnames == SHEETS


def test_sheets_are_called_in_english_too(tmp_path):
    names = reopened(book_results(), tmp_path, lang="en").sheetnames
    assert names[:4] == ["Basis", "Town", "Blocks", "Batches and themes"]
    assert len(names) == 16
    assert all(len(name) <= 31 and not set(name) & set("[]:*?/\\'") for name in names)


def test_english_sheets_say_nothing_in_chinese_but_names_of_the_data(tmp_path):
    made = reopened(book_results(), tmp_path, lang="en")
    chinese = re.compile("[\u4e00-\u9fff]")
    heads = [
        cell for sheet in made for line in sheet.iter_rows() for cell in line if cell.font.b and cell.value
    ]
    said = {cell.value for cell in heads if chinese.search(str(cell.value))}
    assert said <= {*BLOCKS.values(), "市河社区", "水乡镇"}


def test_no_cell_is_a_formula_and_none_is_a_link(book):
    assert not [
        cell
        for sheet in book
        for line in sheet.iter_rows()
        for cell in line
        if cell.data_type == "f" or cell.hyperlink
    ]


def test_two_runs_write_the_same_bytes(written, tmp_path):
    again = fg.write_workbook(book_results(), tmp_path / "again.xlsx")
    assert again.read_bytes() == written.read_bytes()


def test_nothing_stands_beside_the_file(written):
    assert [path.name for path in written.parent.iterdir()] == ["town.xlsx"]


def test_a_folder_that_is_not_there_is_an_error_and_writes_nothing(tmp_path):
    with pytest.raises(FileNotFoundError):
        fg.write_workbook(book_results(), tmp_path / "none" / "t.xlsx")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", SHEETS)
def test_every_sheet_has_a_title_the_town_the_notice_and_a_head_that_stays(book, name):
    sheet = book[name]
    assert sheet["A1"].value
    assert sheet["A2"].value == "水乡镇 · 内部资料"
    assert int(re.sub(r"\D", "", sheet.freeze_panes)) >= 3
    assert sheet.page_setup.orientation == "landscape"
    assert "内部资料" in sheet.oddFooter.left.text


@pytest.mark.parametrize("name", SHEETS)
def test_no_cell_of_a_table_is_blank(book, name):
    """Within a line of a table, from its first cell to its last, every cell says something."""
    for line in book[name].iter_rows():
        bordered = [cell for cell in line if cell.border.left.style == "thin"]
        assert all(cell.value is not None for cell in bordered)


@pytest.mark.parametrize(
    "name",
    [
        "区块一览",
        "指标",
        "分社区缺口",
        "空间台账",
        "存量台账",
        "特殊地块",
        "底线核查",
        "项目库",
        "评分",
        "进度",
        "数据问题",
        "字段说明",
    ],
)
def test_lists_can_be_filtered(book, name):
    assert book[name].auto_filter.ref


@pytest.mark.parametrize("name", ["镇情", "区块一览", "绿量", "评分"])
def test_what_is_compared_has_a_chart(book, name):
    assert book[name]._charts


def test_people_are_whole_everywhere(tmp_path):
    made = reopened(book_results(), tmp_path)
    people = [row["人口"] for row in rows(made, "区块一览", "人口")]
    assert [one(made, "区块一览", "区块名称", "水乡镇")["人口"], people[1]] == [84, 50]
    sites = [row["新增服务人口"] for row in rows(made, "项目库", "新增服务人口")]
    assert sites[-1] == 27


def test_a_block_says_its_number_type_hectares_score_and_rank(book):
    row = one(book, "区块一览", "区块名称", "丝厂片区")
    assert (row["区块编号"], row["更新类型"], row["面积(公顷)"]) == (1, "存量资产", 4.84)
    assert (row["现状得分"], row["方案得分"], row["现状名次"], row["名次稳定度"]) == (60.0, 100.0, 1, 0.875)
    assert (row["空间数"], row["选址数"], row["造价估算(万元)"]) == (1, 1, 12.5)


def test_a_block_sums_up_the_projects_that_lie_in_it(book):
    row = one(book, "区块一览", "区块名称", "丝厂片区")
    assert (row["项目数"], row["总投资(万元)"]) == (1, 1200.5)
    assert one(book, "区块一览", "区块名称", "市河街区")["总投资(万元)"] == UNKNOWN


def test_shares_are_per_cent_and_money_has_one_decimal(book):
    sheet = book["区块一览"]
    heads = {cell.value: cell.column for cell in sheet[3]}
    assert sheet.cell(4, heads["名次稳定度"]).number_format == "0%"
    assert sheet.cell(4, heads["造价估算(万元)"]).number_format == "#,##0.0"
    assert sheet.cell(4, heads["面积(公顷)"]).number_format == "#,##0.00"
    assert sheet.cell(4, heads["人口"]).data_type == "s"


def test_the_matrix_marks_what_is_missing_and_counts_what_is_there(book):
    works = one(book, "批次矩阵", "区块名称", "丝厂片区")
    assert works["存量资产"] == "指标 1\n空间 1\n项目 1"
    assert works["街区"] == "缺项"
    missing = rows(book, "批次矩阵", "批次或主题")
    assert len(missing) == 5 + 5 + 6 + 6


def test_an_indicator_stands_with_its_states_target_attainment_and_basis(book):
    row = rows(book, "指标", "范围")[0]
    assert (row["范围"], row["指标"], row["单位"]) == ("丝厂片区", "绿地率", "%")
    assert (row["更新前"], row["现状"], row["方案"], row["目标"]) == (0.1, 0.21, 0.42, 0.35)
    assert (row["现状达标度"], row["方案达标度"], row["权重"]) == (0.6, 1, 0.6)
    assert "区块建成区面积" in row["依据(算法)"]


def test_an_indicator_that_is_not_known_says_what_would_settle_it(book):
    row = next(
        row for row in rows(book, "指标", "范围") if row["范围"] == "市河街区" and row["指标"] == "绿地率"
    )
    assert (row["现状"], row["现状达标度"], row["缺什么数据"]) == (UNKNOWN, UNKNOWN, "绿地")


def test_an_indicator_without_meaning_does_not_apply(book):
    row = next(
        row for row in rows(book, "指标", "范围") if row["范围"] == "市河街区" and row["指标"] == "亩均税收"
    )
    assert (row["现状"], row["更新前"], row["目标"], row["现状达标度"], row["缺什么数据"]) == (NONE,) * 5


def test_the_town_is_not_scored(book):
    row = next(row for row in rows(book, "指标", "范围") if row["范围"] == "水乡镇")
    assert (row["现状"], row["现状达标度"], row["权重"]) == (0.21, NONE, NONE)


def test_gaps_are_a_matrix_of_types_by_communities(book):
    row = next(row for row in rows(book, "分社区缺口", "设施类型") if row["设施类型"] == "幼儿园")
    assert (row["生活圈(分钟)"], row["人群"]) == (5, "全体居民")
    assert (row["市河社区"], row["全镇缺口(人)"]) == (30, 51)


def test_people_of_whom_nothing_is_known_are_no_gap_of_nobody(book):
    row = next(row for row in rows(book, "分社区缺口", "设施类型") if row["设施类型"] == "托育点")
    assert (row["市河社区"], row["全镇缺口(人)"], row["缺口比例"]) == (UNKNOWN, UNKNOWN, UNKNOWN)


def test_a_gap_that_may_be_larger_says_at_least(tmp_path):
    results = book_results()
    areas = results.circles.areas
    is_some = (areas["facility_type"] == "kindergarten") & (areas["area_kind"] == "community")
    circles = replace(
        results.circles, areas=areas.assign(unknown_people=areas["unknown_people"].mask(is_some, 4.0))
    )
    made = reopened(replace(results, circles=circles), tmp_path)
    sheet = made["分社区缺口"]
    heads = {cell.value: cell.column for cell in sheet[4]}
    line = next(line for line in sheet.iter_rows(min_row=5) if line[1].value == "幼儿园")
    assert line[heads["市河社区"] - 1].number_format == '"≥"#,##0'


def test_without_communities_gaps_are_listed_by_block(tmp_path):
    results = book_results(circles=map_circles(book_layers()))
    made = reopened(results, tmp_path)
    assert "communities" in made["分社区缺口"]["A4"].value
    assert "市河街区" in rows(made, "分社区缺口", "设施类型")[0]


def test_spaces_have_names_blocks_words_and_what_they_could_become(book):
    row = one(book, "空间台账", "空间名称", "中山路 南侧(2)")
    assert (row["所在区块"], row["类型"], row["权属"]) == ("市河街区", "疑似闲置房屋(待核实)", UNKNOWN)
    assert row["5分钟内人口"] == UNKNOWN
    assert row["可作用途"] == "义工活动基地"
    assert row["方案用途"] == "未选"


def test_a_space_of_the_programme_says_its_use_and_cost(book):
    row = one(book, "空间台账", "空间名称", "无名路 东北角")
    assert (row["方案用途"], row["造价估算(万元)"], row["管控核查"]) == ("城市书房", 12.5, "永久基本农田")


def test_blocks_come_first_and_what_is_outside_last(book):
    assert [row["所在区块"] for row in rows(book, "空间台账", "空间名称")] == [
        "丝厂片区",
        "市河街区",
        "区块外",
        "区块外",
    ]


def test_stock_lists_idle_spaces_idle_buildings_and_yields(book):
    assert [row["空间名称"] for row in rows(book, "存量台账", "空间名称")] == ["中山路 南侧(2)"]
    idle = one(book, "存量台账", "建筑名称", "丝厂")
    assert (idle["建成年份"], idle["占地面积(m²)"], idle["租赁"]) == (1958, 2400, UNKNOWN)
    parcel = rows(book, "存量台账", "企业")[0]
    assert (parcel["地块"], parcel["企业"], parcel["税收(万元)"]) == (
        "北街社区(p1)",
        "嘉禾纺织、振兴箱包",
        60,
    )
    assert (parcel["面积(亩)"], parcel["亩均税收(万元/亩)"], parcel["亩均营业收入(万元/亩)"]) == (
        60,
        1,
        UNKNOWN,
    )


def test_special_plots_say_how_much_is_protected(book):
    row = one(book, "特殊地块", "空间名称", "无名路 东北角")
    assert (row["面积(m²)"], row["永久基本农田面积(m²)"]) == (10_000, 7_500)
    protected = one(book, "特殊地块", "要素数", 1)
    assert (protected["图层"], protected["面积(公顷)"], protected["丝厂片区"]) == ("永久基本农田", 4, 0)


def test_protected_land_without_a_layer_is_not_known(book):
    row = one(
        book,
        "特殊地块",
        "图层",
        text("map.layer.redlines") if has_text("map.layer.redlines") else "生态保护红线",
    )
    assert (row["要素数"], row["面积(公顷)"]) == (UNKNOWN, UNKNOWN)


def test_a_red_line_is_kept_broken_or_not_known(book):
    found = [(row["核查值"], row["限值"], row["结论"]) for row in rows(book, "底线核查", "结论")]
    assert found == [(0.12, 0.2, "符合"), (2.5, 2, "突破"), (UNKNOWN, 0.5, UNKNOWN)]
    assert rows(book, "底线核查", "结论")[2]["缺什么数据"] == "更新项目的“搬迁户数”"


def test_projects_and_sites_stand_in_one_pool(book):
    found = {row["名称"]: row for row in rows(book, "项目库", "名称")}
    assert list(found) == ["丝厂更新", "北街改造", "无名称项目(2)", "无名路 东北角"]
    assert (found["丝厂更新"]["责任单位"], found["丝厂更新"]["总投资(万元)"]) == ("城投公司", 1200.5)
    assert (found["北街改造"]["责任单位"], found["北街改造"]["建设内容"]) == (UNKNOWN, "口袋公园")
    site = found["无名路 东北角"]
    assert (site["来源"], site["责任单位"], site["总投资(万元)"], site["优先序"]) == (
        "拟选点位",
        "待定",
        12.5,
        1,
    )


def test_a_project_lies_in_the_block_it_stands_in(book):
    assert [row["所在区块"] for row in rows(book, "项目库", "名称")] == [
        "丝厂片区",
        "市河街区",
        "区块外",
        "丝厂片区",
    ]


def test_the_block_that_a_project_names_counts_before_the_ground(tmp_path):
    layers = book_layers()
    layers["projects"] = layers["projects"].assign(block_id=["old", BLOCKS["works"], None])
    town = BookTown(layers, settings=settings())
    made = reopened(replace(book_results(), town=town), tmp_path)
    assert [row["所在区块"] for row in rows(made, "项目库", "名称")][:3] == ["市河街区", "丝厂片区", "区块外"]


def test_green_tells_rates_and_gains(book):
    row = one(book, "绿量", "范围", "丝厂片区")
    assert isinstance(row["绿地率·现状"], float)
    assert {"增量", "增量下限", "增量上限"} <= set(rows(book, "绿量", "绿量指标")[0])


def test_the_green_rate_is_that_of_the_table(book):
    gains = book_results().gains.gains
    told = gains[
        (gains["area_id"] == "works") & (gains["indicator"] == "green_share") & (gains["basis"] == "vector")
    ]
    row = one(book, "绿量", "范围", "丝厂片区")
    assert row["绿地率·更新前"] == pytest.approx(told["before"].iloc[0], abs=1e-4)
    assert row["绿地率·现状"] == pytest.approx(told["after"].iloc[0], abs=1e-4)


def test_scores_tell_what_the_programme_adds(book):
    row = one(book, "评分", "区块名称", "丝厂片区")
    assert (row["更新前得分"], row["现状得分"], row["方案得分"], row["方案增分"]) == (28.6, 60, 100, 40)
    assert (row["现状名次"], row["名次稳定度"]) == (1, 0.875)
    assert one(book, "评分", "区块名称", "市河街区")["现状得分"] == UNKNOWN


def test_attainment_by_group_is_the_weighted_mean(book):
    row = one(book, "评分", "指标组", "绿化")
    assert (row["丝厂片区"], row["市河街区"]) == (0.6, UNKNOWN)


def test_the_changes_by_the_programme_are_listed(book):
    row = rows(book, "评分", "指标")[0]
    assert (row["区块名称"], row["指标"], row["现状得分"], row["方案得分"], row["方案增分"]) == (
        "丝厂片区",
        "绿地率",
        36,
        60,
        24,
    )


def test_progress_tells_status_and_money(book):
    found = rows(book, "进度", "名称")
    assert [row["状态"] for row in found] == ["未开工", "未开工", UNKNOWN]
    assert (found[0]["验收批次"], found[0]["投资完成率"]) == ("第一批", 0.5)


@pytest.mark.parametrize(
    ("columns", "status"),
    [
        ({"completed_on": "2024-01-01"}, "已完工"),
        ({"started_on": "2024-01-01", "planned_end_on": "2030-01-01"}, "按期推进"),
        ({"progress_share": 0.4, "planned_end_on": "2020-01-01"}, "逾期"),
        ({"progress_share": 0.4, "planned_end_on": "no day"}, UNKNOWN),
        ({"planned_end_on": "2026-01-01", "progress_share": 0.0}, "未开工"),
        ({}, UNKNOWN),
    ],
)
def test_a_status_is_told_by_dates_and_progress(columns, status):
    layers = book_layers()
    projects = layers["projects"].iloc[2:3].drop(columns=["planned_start_on", "completed_on"])
    layers["projects"] = projects.assign(**{name: [value] for name, value in columns.items()})
    results = replace(book_results(), town=BookTown(layers, settings=settings()))
    sheet = next(sheet for sheet in workbook_sheets(results) if sheet.name == "进度")
    assert (sheet.tables[0].rows[0][3] or UNKNOWN) == status


def test_how_late_a_project_is_is_counted_up_to_the_date_of_the_data():
    layers = book_layers()
    late = {"progress_share": [0.4], "planned_end_on": ["2024-11-20"], "started_on": ["2024-01-01"]}
    layers["projects"] = layers["projects"].iloc[2:3].assign(**late)
    results = replace(
        book_results(), town=BookTown(layers, settings=settings(dates={"projects": "2024-11-30"}))
    )
    sheet = next(sheet for sheet in workbook_sheets(results) if sheet.name == "进度")
    assert sheet.tables[0].rows[0][3:5] == ["逾期", 10.0]


def test_what_has_not_happened_yet_reads_so():
    layers = book_layers()
    begun = {"progress_share": [0.0], "planned_start_on": ["2030-01-01"], "planned_end_on": ["2031-01-01"]}
    layers["projects"] = layers["projects"].iloc[2:3].drop(columns="completed_on").assign(**begun)
    results = replace(
        book_results(), town=BookTown(layers, settings=settings(dates={"projects": "2024-11-30"}))
    )
    sheet = next(sheet for sheet in workbook_sheets(results) if sheet.name == "进度")
    assert [sheet.tables[0].rows[0][at] for at in (3, 4, 7, 9)] == ["未开工", np.inf, "尚未", "尚未"]


def test_without_a_date_of_the_data_no_status_is_known():
    results = replace(book_results(), town=BookTown(book_layers(), settings=settings(dates={})))
    sheet = next(sheet for sheet in workbook_sheets(results) if sheet.name == "进度")
    assert {row[3] for row in sheet.tables[0].rows} == {None}
    assert sheet.notes == ["资料没有日期,状态为数据不足;日期照资料所写。"]


def test_the_head_of_one_table_is_not_repeated_above_another(book):
    assert book["指标"].print_title_rows is not None
    assert book["存量台账"].print_title_rows is None


def test_findings_are_listed_the_worst_first(book):
    found = rows(book, "数据问题", "程度")
    assert found[0]["程度"] == "错误"
    assert [row["程度"] for row in found].index("未计入") > 0
    assert {"b7", "-"} <= {row["要素编号"] for row in found}


def test_no_findings_read_none(tmp_path):
    town = BookTown(book_layers(), settings=settings())
    made = reopened(
        replace(book_results(), town=town, circles=None, spaces=None, gains=None, uses=None), tmp_path
    )
    # Two blocks are too few, which is all that is found.
    assert [row["程度"] for row in rows(made, "数据问题", "程度")] == ["提示"]


def test_the_basis_names_boundary_walker_catalogue_dates_and_notice(book):
    told = {row["项目"]: row["内容"] for row in rows(book, "口径", "项目")}
    assert told["镇"] == "水乡镇"
    assert told["建成区口径"] == "实际建成区 2024"
    assert told["密级与审图"] == "内部资料"
    assert told["生活圈(分钟)"] == "5、15"
    assert "EPSG:4549" in told["坐标系"]
    streets = one(book, "口径", "图层代号", "streets")
    assert (streets["资料日期"], streets["要素数"]) == ("2024-11-30", 4)
    assert one(book, "口径", "图层代号", "water")["资料日期"] == UNKNOWN
    assert one(book, "口径", "图层代号", "lamps")["资料日期"] == "未提供"
    assert one(book, "口径", "图层代号", "parcels")["编码方案或传感器"] == "第三次全国国土调查"


def test_the_basis_lists_weights_targets_and_what_is_not_known(book):
    row = one(book, "口径", "目标", 0.35)
    assert (row["指标"], row["权重"], row["起算值"]) == ("绿地率", 0.6, 0)
    assert "GB/T 51346-2019" in row["目标出处"]
    unknown = rows(book, "口径", "缺什么数据")[0]
    assert (unknown["指标"], unknown["范围"]) == ("绿地率", "市河街区")


def test_a_target_of_the_users_own_says_so(tmp_path):
    card = book_results().scorecard
    made = reopened(book_results(scorecard=card.assign(target=0.4)), tmp_path)
    assert one(made, "口径", "目标", 0.4)["目标出处"] == "使用者给定"


def test_the_town_at_a_glance(book):
    told = {row["项目"]: row["数值"] for row in rows(book, "镇情", "项目")}
    assert told["建成区"] == 48
    assert told["人口"] == 84
    assert told["建筑"] == 8
    assert told["闲置建筑"] == 1
    assert told["道路中心线总长"] == pytest.approx(2.6)
    assert told["可利用空间"] == 4


def test_people_of_whom_some_are_not_counted_are_at_least_so_many(book):
    sheet = book["镇情"]
    line = next(line for line in sheet.iter_rows() if line[1].value == "人口")
    assert line[2].number_format == '"≥"#,##0'


def test_land_is_summed_up_by_class_the_largest_first(book):
    found = rows(book, "镇情", "地类")
    assert [(row["地类"], row["地类编码"], row["面积(公顷)"], row["占比"]) for row in found] == [
        ("工业用地", "0601", 4, 0.8),
        ("水田", "0101", 1, 0.2),
    ]


def test_every_column_is_explained(book):
    listed = {(row["工作表"], row["字段"]) for row in rows(book, "字段说明", "含义")}
    for sheet in workbook_sheets(book_results()):
        for table in sheet.tables:
            assert {(sheet.name, head.name(lang="zh")) for head in table.heads} <= listed


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_column_has_a_meaning_of_its_own(lang):
    for sheet in workbook_sheets(book_results(), lang=lang):
        for table in sheet.tables:
            assert all(has_text(f"book.meaning.{head.key}") for head in table.heads)


def test_no_id_stands_where_there_is_a_name(book):
    said = {
        value for name, value in texts(book) if isinstance(value, str) and name not in ("口径", "字段说明")
    }
    assert not said & {
        "works",
        "old",
        "c1",
        "town",
        "green_rate_share",
        "book_room",
        "pocket_park",
        "kindergarten",
    }


@pytest.mark.parametrize("words", HOSTILE, ids=lambda words: ascii(words[:12]))
def test_hostile_text_comes_back_as_typed_from_every_field(words, tmp_path):
    made = reopened(book_results(words), tmp_path)
    assert not [
        cell
        for sheet in made
        for line in sheet.iter_rows()
        for cell in line
        if cell.data_type == "f" or cell.hyperlink
    ]
    said: dict[str, set[str]] = {}
    for name, value in texts(made):
        said.setdefault(name, set()).add(unescape(value) if isinstance(value, str) else value)
    typed = (
        words
        if len(words) <= 32_767
        else next(value for value in said["项目库"] if str(value).startswith("长长"))
    )
    assert len(typed) <= 32_767
    for name in SHEETS:
        if name not in ("字段说明", "口径", "镇情"):
            assert typed in said[name], name


def test_a_text_that_was_cut_is_told_on_the_first_sheet(tmp_path):
    made = reopened(book_results("长" * 40_000), tmp_path)
    told = {row["项目"]: row["内容"] for row in rows(made, "口径", "项目")}
    assert "项目库·责任单位:1 处" in told["过长文字(已截断)"].splitlines()
    assert made["项目库"]["H4"].value.endswith("(已截断,原文 40,000 字)")


def test_a_bare_town_has_every_sheet_and_says_what_to_run(tmp_path):
    made = reopened(Results(Town.from_layers(name="光镇", **good_layers())), tmp_path)
    assert made.sheetnames == SHEETS
    for name, call in (
        ("分社区缺口", "fengmao run"),
        ("空间台账", "fengmao spaces"),
        ("评分", "fengmao run"),
        ("绿量", "fengmao green"),
    ):
        notes = [line[0].value for line in made[name].iter_rows(min_row=3, max_row=6)]
        assert any(call in str(note) for note in notes), name
    assert rows(made, "空间台账", "空间名称")[0]["空间名称"] == UNKNOWN
    assert rows(made, "指标", "范围")[0]["现状"] == UNKNOWN
    assert rows(made, "进度", "名称")[0]["状态"] == UNKNOWN
    assert rows(made, "区块一览", "区块名称")[-1]["人口"] == UNKNOWN


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_no_sheet_of_a_bare_town_names_a_function_of_python(lang, tmp_path):
    made = reopened(Results(Town.from_layers(name="光镇", **good_layers())), tmp_path, lang=lang)
    assert not [value for _, value in texts(made) if isinstance(value, str) and "fg." in value]


def test_without_a_programme_no_column_is_of_one(tmp_path):
    results = book_results()
    now = {name: getattr(results, name) for name in ("scorecard", "block_scores", "indicators")}
    kept = {name: table[table["state"] != "planned"] for name, table in now.items()}
    made = reopened(replace(results, programme=None, planned=None, gains=None, **kept), tmp_path)
    for name, first in (
        ("区块一览", "区块名称"),
        ("指标", "范围"),
        ("评分", "区块名称"),
        ("空间台账", "空间名称"),
    ):
        heads = rows(made, name, first)[0]
        assert not [head for head in heads if "方案" in head], name
    assert "方案带来的变化" not in [value for _, value in texts(made)]
    notes = [made["空间台账"].cell(row, 1).value for row in range(3, 7)]
    assert any("未做选址方案" in str(note) for note in notes)


def test_without_a_programme_charts_draw_columns_of_what_they_say():
    results = book_results()
    observed = replace(results.gains, gains=results.gains.gains[results.gains.gains["basis"] != "planned"])
    for sheet in workbook_sheets(replace(results, programme=None, planned=None, gains=observed)):
        for part in sheet.parts:
            if isinstance(part, SheetChart):
                units = {sheet.tables[part.table].heads[column].unit for column in part.series}
                assert len(units) == 1, (sheet.name, part.title)


def test_a_value_of_the_programme_is_shown_though_no_sites_are_there(tmp_path):
    made = reopened(replace(book_results(), programme=None), tmp_path)
    assert "方案" in rows(made, "指标", "范围")[0]


def test_proposed_blocks_stand_below_the_towns_own_with_type_reasons_and_who_gains(tmp_path):
    made = reopened(book_results(proposed_blocks=proposal_rows()), tmp_path)
    [row] = rows(made, "区块一览", "建议次序")
    assert (row["建议次序"], row["区块名称"], row["更新类型"]) == (1, "北街片区", "公共空间")
    assert (row["缺必备设施人口"], row["可受益人口"]) == (12, 9)
    assert "12 人" in row["建议理由"]


def test_a_full_set_that_is_not_known_of_all_is_the_least_it_can_be(tmp_path):
    results = book_results()
    areas = results.circles.areas.copy()
    full = (areas["facility_type"] == "full_set") & (areas["area_kind"] == "town")
    areas.loc[full, ["reached_share", "people", "unknown_people"]] = (0.2, 100.0, 3.0)
    sheet = reopened(replace(results, circles=replace(results.circles, areas=areas)), tmp_path)["区块一览"]
    head = next(row for row in sheet.iter_rows() if row[1].value == "区块名称")
    [at] = [cell.column for cell in head if "15" in str(cell.value)]
    [town] = [row for row in sheet.iter_rows(min_row=head[0].row) if row[1].value == "水乡镇"]
    assert (town[at - 1].value, town[at - 1].number_format) == (0.2, '"≥"0%')


def test_a_bare_town_in_english_too(tmp_path):
    made = reopened(Results(Town.from_layers(name="Bare", **good_layers())), tmp_path, lang="en")
    assert rows(made, "Spaces", "space")[0]["space"] == "not enough data"


def test_a_town_without_blocks_lists_itself_alone(tmp_path):
    layers = book_layers()
    del layers["blocks"]
    town = BookTown(layers, settings=settings())
    changes = dict.fromkeys(("scorecard", "block_scores", "block_matrix", "red_lines", "indicators", "gains"))
    made = reopened(replace(book_results(), town=town, **changes), tmp_path)
    assert [row["区块名称"] for row in rows(made, "区块一览", "区块名称")] == ["水乡镇"]
    assert any("blocks" in str(line[0].value) for line in made["区块一览"].iter_rows(min_row=3, max_row=6))


def test_where_nobody_was_counted_people_are_called_what_they_are(tmp_path):
    circles = replace(book_results().circles, people_basis="floor_area")
    made = reopened(book_results(circles=circles), tmp_path)
    assert "居住面积(m²,非人口)" in rows(made, "区块一览", "区块名称")[0]
    assert "非人口" in made["镇情"]["A3"].value


def test_results_are_not_changed(tmp_path):
    results = book_results()
    before = {
        name: table.copy(deep=True)
        for name in ("indicators", "scorecard", "spaces")
        if (table := getattr(results, name)) is not None
    }
    fg.write_workbook(results, tmp_path / "t.xlsx")
    for name, table in before.items():
        pd.testing.assert_frame_equal(pd.DataFrame(getattr(results, name)), pd.DataFrame(table))


def test_rows_in_another_order_write_the_same_tables_of_blocks(written, tmp_path):
    results = book_results()
    mixed = {
        name: getattr(results, name).iloc[::-1].reset_index(drop=True)
        for name in ("scorecard", "block_scores", "block_matrix")
    }
    made = openpyxl.load_workbook(fg.write_workbook(replace(results, **mixed), tmp_path / "t.xlsx"))
    first = openpyxl.load_workbook(written)
    for name in ("区块一览", "评分", "指标"):
        assert [[cell.value for cell in line] for line in made[name]] == [
            [cell.value for cell in line] for line in first[name]
        ]
