"""Maps and tables as a notebook shows them."""

from __future__ import annotations

import html
import re

import pytest
from map_town import map_results
from score_rows import scored_results
from test_block_maps import PAYLOADS

import fengmao_geo as fg
from fengmao_geo.errors import UsageError


@pytest.fixture(scope="module")
def results():
    return scored_results()


def test_a_block_is_found_by_id_number_or_name(results):
    pages = [
        results.explore(block=block)
        for block in ("1", 1, results.town["blocks"].sort_values("block_no")["id"].iloc[0])
    ]
    assert {page.title for page in pages} == {pages[0].title}


def test_without_a_block_it_is_the_town(results):
    assert results.explore().title == results.town.name


def test_the_page_is_the_one_that_is_written(results, tmp_path):
    written = fg.write_block_maps(results, folder=tmp_path)[1]
    assert results.explore(block=1).html == written.read_text(encoding="utf-8")


def test_a_block_that_is_not_there_is_told_with_those_there_are(results):
    with pytest.raises(UsageError, match="K9"):
        results.explore(block="K9")


def test_the_page_stands_in_a_frame_of_its_own(results):
    shown = fg.explore(results)._repr_html_()
    assert 'sandbox="allow-scripts"' in shown
    assert html.unescape(re.search(r'srcdoc="([^"]*)"', shown)[1]) == fg.explore(results).html


def test_a_hostile_name_does_not_leave_the_frame():
    shown = fg.explore(map_results(name="".join(PAYLOADS)))._repr_html_()
    assert re.fullmatch(
        r'<iframe srcdoc="[^"]*" title="[^"]*" sandbox="[a-z-]*" style="[^"]*"></iframe>', shown
    )


def test_results_say_what_was_run(results):
    assert repr(results).endswith("circles, indicators, block_scores>")
    shown = results._repr_html_()
    assert "未计算" in shown
    assert f"{len(results.indicators)} 行" in shown


def test_a_network_and_places_are_shown_as_tables(shuixiang_network, shuixiang):
    assert "WalkNetwork" in shuixiang_network._repr_html_()
    homes = fg.attach(shuixiang_network, shuixiang["facilities"].head(3))
    assert "<table" in homes._repr_html_()
