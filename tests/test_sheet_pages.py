"""Where the pages of a printed sheet begin."""

from fengmao_geo.export.sheet_pages import Paging


def test_what_fits_on_the_page_begins_no_page():
    paging = Paging("A4", 800)
    paging.keep(10, 200.0)  # 10 rows of 15 points and 200 are 350 of 494
    assert paging.breaks == []


def test_what_would_be_cut_in_two_begins_a_page():
    paging = Paging("A4", 800)
    paging.keep(20, 200.0)  # 300 and 200 are 500 of 494
    assert paging.breaks == [20]


def test_of_what_no_page_holds_the_beginning_stays_together():
    for row, breaks in ((10, []), (28, [28])):
        paging = Paging("A4", 800)
        paging.keep(row, 1000.0, least_pt=105.0)  # 150 or 420, and 105, of 494 less 6 per cent
        assert paging.breaks == breaks


def test_rows_are_counted_from_the_page_begun_last():
    paging = Paging("A4", 800)
    paging.keep(20, 200.0)
    paging.keep(30, 200.0)
    paging.keep(41, 200.0)
    assert paging.breaks == [20, 41]


def test_high_rows_take_their_room():
    paging = Paging("A4", 800)
    paging.heights[3] = 300.0
    paging.keep(10, 100.0)  # 9 rows of 15 and one of 300 are 435
    assert paging.breaks == [10]


def test_a_sheet_twice_as_wide_as_the_page_holds_twice_the_rows():
    wide_px = 2 * 784 / 0.75
    paging = Paging("A4", wide_px)
    paging.keep(40, 200.0)  # 600 and 200 are 800 of 988
    assert paging.breaks == []


def test_a3_holds_more_than_a4():
    paging = Paging("A3", 800)
    paging.keep(20, 200.0)
    assert paging.breaks == []


def test_where_a_page_has_hardly_begun_one_is_begun_for_certain():
    paging = Paging("A4", 800)
    paging.keep(32, 30.0)  # 30 rows fill a page by this reckoning, 32 by another's
    assert paging.breaks == [32]


def test_nothing_begins_a_page_at_the_top():
    paging = Paging("A4", 800)
    paging.keep(0, 900.0)
    assert paging.breaks == []
