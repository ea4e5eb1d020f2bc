"""DXF drawings: written by ezdxf in both encodings, read as the layers that are named."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

import ezdxf
import geopandas as gpd
import pytest
import shapely

import fengmao_geo as fg
from fengmao_geo.errors import TownError
from fengmao_geo.town.drawing import read_drawing
from fengmao_geo.town.town_file import LayerPart
from fengmao_geo.town.vector import read_vector

if TYPE_CHECKING:
    from pathlib import Path

HOUSES, NOTES, ROADS = "住宅用地", "注记", "道路中心线"


class Sheet:
    """A drawing in the making."""

    def __init__(self, version: str = "R2000") -> None:
        self.document = ezdxf.new(version)
        self.document.encoding = "gbk" if version == "R2000" else "utf8"
        self.model = self.document.modelspace()

    def line(self, *points, closed=False, layer=HOUSES, on=None, **attributes):
        place = self.model if on is None else on
        return place.add_lwpolyline(points, close=closed, dxfattribs={"layer": layer, **attributes})

    def square(self, x, y, side=10, **options):
        return self.line((x, y), (x + side, y), (x + side, y + side), (x, y + side), closed=True, **options)

    def text(self, words, x, y, layer=NOTES):
        return self.model.add_text(words, dxfattribs={"layer": layer, "insert": (x, y)})

    def hatch(self, *outlines, layer=HOUSES):
        hatch = self.model.add_hatch(dxfattribs={"layer": layer})
        for outline in outlines:
            hatch.paths.add_polyline_path(outline, is_closed=True)
        return hatch

    def block(self, name="房屋块"):
        return self.document.blocks.new(name)

    def insert(self, name, x, y, layer=HOUSES, **attributes):
        return self.model.add_blockref(name, (x, y), dxfattribs={"layer": layer, **attributes})

    def saved(self, folder: Path) -> Path:
        path = folder / "drawing.dxf"
        self.document.saveas(path)
        whole = path.read_bytes()
        path.write_bytes(whole.replace(b"ANSI_1252", b"ANSI_936"))
        return path


def read(path, *, layer="parcels", layers=(HOUSES,), **said):
    return read_drawing(path, layer=layer, part=LayerPart(path=path.name, cad_layers=list(layers), **said))


def codes(found):
    return {finding.code: finding.values for finding in found}


def refused(path, **options):
    with pytest.raises(TownError) as caught:
        read(path, **options)
    assert len(caught.value.findings) == 1
    return caught.value.findings.iloc[0]


@pytest.fixture
def sheet():
    return Sheet()


def rectangle(x, y, width, height):
    return [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]


@pytest.mark.parametrize("version", ["R2000", "R2007"])
def test_layer_names_and_texts_are_read_in_both_encodings(tmp_path, version):
    sheet = Sheet(version)
    sheet.square(0, 0)
    sheet.text("城东社区", 5, 5)
    path = sheet.saved(tmp_path)
    frame, found = read(path, layers=(HOUSES, NOTES))
    assert (HOUSES.encode("gbk") in path.read_bytes()) is (version == "R2000")
    assert frame[["cad_layer", "cad_text"]].to_numpy().tolist() == [[HOUSES, "城东社区"]]
    assert "drawing_encoding" not in codes(found)


def test_bytes_in_another_encoding_than_stated_are_read_and_reported(tmp_path, sheet):
    sheet.square(0, 0)
    path = sheet.saved(tmp_path)
    path.write_bytes(path.read_bytes().replace(b"ANSI_936", b"ANSI_1252"))
    frame, found = read(path)
    assert frame["cad_layer"].tolist() == [HOUSES]
    assert codes(found)["drawing_encoding"]["used"] == "GB18030"


def test_utf8_in_a_drawing_of_2000_is_read_and_reported(tmp_path, sheet):
    sheet.square(0, 0)
    path = sheet.saved(tmp_path)
    path.write_bytes(path.read_bytes().decode("gbk").encode())
    frame, found = read(path)
    assert frame["cad_layer"].tolist() == [HOUSES]
    assert codes(found)["drawing_encoding"] == {"file": "drawing.dxf", "stated": "936", "used": "UTF-8"}


def test_a_forced_encoding_that_the_bytes_are_not_in_is_refused(tmp_path):
    sheet = Sheet("R2007")
    sheet.square(0, 0)
    fault = refused(sheet.saved(tmp_path), encoding="GBK")
    assert (fault["code"], fault["values"]["looks"]) == ("encoding_wrong", "UTF-8")


def test_an_encoding_of_no_known_name_is_refused(tmp_path, sheet):
    sheet.square(0, 0)
    assert refused(sheet.saved(tmp_path), encoding="nothing")["code"] == "encoding_unknown"


def test_bytes_in_no_known_encoding_are_refused(tmp_path, sheet):
    sheet.square(0, 0)
    path = sheet.saved(tmp_path)
    path.write_bytes(path.read_bytes().replace(HOUSES.encode("gbk"), b"\xff\xff\xff"))
    assert refused(path)["code"] == "encoding_wrong"


def test_half_a_letter_is_refused(tmp_path, sheet):
    sheet.square(0, 0)
    sheet.text("城东", 5, 5)
    path = sheet.saved(tmp_path)
    path.write_bytes(path.read_bytes().replace("城东".encode("gbk"), "城东".encode("gbk")[:3]))
    assert refused(path, layers=(HOUSES, NOTES))["code"] == "encoding_wrong"


def test_letters_written_as_their_numbers_are_read(tmp_path, sheet):
    sheet.square(0, 0)
    sheet.square(20, 0)
    sheet.text("X", 5, 5)
    sheet.text("Y", 25, 5)
    path = sheet.saved(tmp_path)
    whole = path.read_bytes().replace(b"\nX\n", b"\n\\U+57CE\\U+4E1C\n").replace(b"\nY\n", b"\n\\M+5B3C7a\n")
    path.write_bytes(whole)
    assert read(path, layers=(HOUSES, NOTES))[0]["cad_text"].tolist() == ["城东", "城a"]


def test_a_letter_beyond_gbk_is_read_from_gb18030(tmp_path, sheet):
    sheet.square(0, 0)
    sheet.text("X村", 5, 5)
    path = sheet.saved(tmp_path)
    path.write_bytes(path.read_bytes().replace("X村".encode("gbk"), "𠮷村".encode("gb18030")))
    assert read(path, layers=(HOUSES, NOTES))[0]["cad_text"].tolist() == ["𠮷村"]


def test_long_texts_are_read_whole(tmp_path):
    sheet = Sheet("R2007")
    sheet.square(0, 0)
    sheet.text("字" * 200, 5, 5)
    assert read(sheet.saved(tmp_path), layers=(HOUSES, NOTES))[0]["cad_text"].tolist() == ["字" * 200]


def test_formatting_of_paragraphs_is_taken_off(tmp_path, sheet):
    sheet.square(0, 0)
    words = r"{\fSimSun|b0;城東}\H2.5x; 誠信\P二"
    sheet.model.add_mtext(words, dxfattribs={"layer": NOTES, "insert": (5, 5)})
    assert read(sheet.saved(tmp_path), layers=(HOUSES, NOTES))[0]["cad_text"].tolist() == ["城東 誠信\n二"]


@pytest.mark.parametrize("ending", [b"\n", b"\r\n"])
def test_lines_end_as_on_any_system(tmp_path, sheet, ending):
    sheet.square(0, 0)
    path = sheet.saved(tmp_path)
    path.write_bytes(path.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", ending))
    assert read(path)[0].area.tolist() == [100.0]


def test_a_comment_may_stand_first(tmp_path, sheet):
    sheet.square(0, 0)
    path = sheet.saved(tmp_path)
    path.write_bytes(b"999\nexported by a program\n" + path.read_bytes())
    assert len(read(path)[0]) == 1


def test_a_byte_order_mark_may_stand_first(tmp_path):
    sheet = Sheet("R2007")
    sheet.square(0, 0)
    path = sheet.saved(tmp_path)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert len(read(path)[0]) == 1


def test_a_missing_file_is_refused(tmp_path):
    assert refused(tmp_path / "none.dxf")["code"] == "file_missing"


def test_a_binary_drawing_is_refused_with_what_to_save_instead(tmp_path, sheet):
    path = tmp_path / "binary.dxf"
    sheet.document.saveas(path, fmt="bin")
    fault = refused(path)
    assert fault["code"] == "drawing_binary"
    assert "ASCII" in fault["remedy"]


@pytest.mark.parametrize("content", [b"", b"{}", b"PK\x03\x04", b"  0\nHEADER\n", b"<OGRVRTDataSource>"])
def test_what_is_no_drawing_is_refused(tmp_path, content):
    path = tmp_path / "other.dxf"
    path.write_bytes(content)
    assert refused(path)["code"] == "file_first_bytes"


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9, 0.999])
def test_a_drawing_that_was_cut_short_is_refused(tmp_path, sheet, share):
    for number in range(20):
        sheet.square(20 * number, 0)
    path = sheet.saved(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    assert refused(path)["code"] == "drawing_cut"


def test_a_drawing_whose_layers_are_not_named_is_refused_with_a_list_of_them(tmp_path, sheet):
    sheet.square(0, 0)
    sheet.square(20, 0)
    sheet.text("a", 0, 0)
    fault = refused(sheet.saved(tmp_path), layers=())
    assert fault["code"] == "drawing_layers_unnamed"
    assert fault["values"]["known"] == f"{HOUSES} (LWPOLYLINE 2); {NOTES} (TEXT 1)"


def test_layers_that_are_not_there_are_named_with_those_that_are(tmp_path, sheet):
    sheet.square(0, 0)
    fault = refused(sheet.saved(tmp_path), layers=(HOUSES, "林地", "水面"))
    assert fault["code"] == "drawing_layer_missing"
    assert fault["values"] == {"missing": "林地, 水面", "known": f"{HOUSES} (LWPOLYLINE 1)"}


def test_names_of_layers_are_found_in_either_case(tmp_path, sheet):
    sheet.square(0, 0, layer="Road-边线")
    assert len(read(sheet.saved(tmp_path), layers=("ROAD-边线",))[0]) == 1


def test_only_the_named_layers_are_read(tmp_path, sheet):
    sheet.square(0, 0)
    sheet.square(20, 0, layer="其他")
    frame, found = read(sheet.saved(tmp_path))
    assert frame.total_bounds.tolist() == [0, 0, 10, 10]
    assert codes(found)["drawing_read"]["count"] == 1


def test_a_closed_polyline_is_a_polygon(tmp_path, sheet):
    sheet.square(0, 0)
    frame, _ = read(sheet.saved(tmp_path))
    assert frame.geometry.iloc[0].equals(shapely.box(0, 0, 10, 10))


def test_polylines_of_the_old_kinds_are_polygons(tmp_path, sheet):
    sheet.model.add_polyline2d(rectangle(0, 0, 4, 5), close=True, dxfattribs={"layer": HOUSES})
    corners = [(x, y, 3) for x, y in rectangle(10, 0, 6, 5)]
    sheet.model.add_polyline3d(corners, close=True, dxfattribs={"layer": HOUSES})
    assert sorted(read(sheet.saved(tmp_path))[0].area) == [20.0, 30.0]


def test_a_gap_within_the_tolerance_is_closed_and_counted(tmp_path, sheet):
    sheet.line((0, 0), (10, 0), (10, 10), (0, 10), (0, 0.05))
    frame, found = read(sheet.saved(tmp_path))
    assert frame.area.tolist() == [100.0]
    assert codes(found)["drawing_closed"] == {"count": 1, "gap_m": 0.05, "closing_m": 0.1}


def test_a_gap_beyond_the_tolerance_is_left_open_and_counted(tmp_path, sheet):
    sheet.line((0, 0), (10, 0), (10, 10), (0, 10), (0, 0.2))
    frame, found = read(sheet.saved(tmp_path))
    assert len(frame) == 0
    assert codes(found)["drawing_open"]["count"] == 1
    assert len(read(sheet.saved(tmp_path), closing_m=0.25)[0]) == 1


def test_a_short_line_is_no_outline_however_wide_the_tolerance(tmp_path, sheet):
    sheet.line((0, 0), (1, 0), (1, 1))
    assert len(read(sheet.saved(tmp_path), closing_m=5)[0]) == 0


def test_a_line_there_and_back_encloses_nothing(tmp_path, sheet):
    sheet.line((0, 0), (10, 0), (5, 0), (0, 0))
    assert codes(read(sheet.saved(tmp_path))[1])["drawing_open"]["count"] == 1


def test_bulges_are_arcs(tmp_path, sheet):
    sheet.model.add_lwpolyline(
        [(0, 0, 1), (10, 0, 1)], format="xyb", close=True, dxfattribs={"layer": HOUSES}
    )
    # A circle of radius 5, drawn with chords of 4 degrees: a polygon of 90 sides.
    area = read(sheet.saved(tmp_path))[0].area.iloc[0]
    assert area == pytest.approx(45 * 25 * math.sin(math.radians(4)), rel=1e-3)


def test_circles_and_ellipses_are_polygons(tmp_path, sheet):
    sheet.model.add_circle((0, 0), 5, dxfattribs={"layer": HOUSES})
    sheet.model.add_ellipse((20, 0), (5, 0), 0.5, dxfattribs={"layer": HOUSES})
    assert sorted(read(sheet.saved(tmp_path))[0].area) == pytest.approx(
        [12.5 * math.pi, 25 * math.pi], rel=0.01
    )


def test_solids_are_polygons(tmp_path, sheet):
    sheet.model.add_solid([(0, 0), (10, 0), (0, 10), (10, 10)], dxfattribs={"layer": HOUSES})
    assert read(sheet.saved(tmp_path))[0].area.tolist() == [100.0]


def test_a_hatch_within_a_hatch_is_a_hole(tmp_path, sheet):
    sheet.hatch(rectangle(0, 0, 20, 20), rectangle(5, 5, 5, 5))
    assert read(sheet.saved(tmp_path))[0].area.tolist() == [375.0]


def test_an_outline_within_an_outline_is_no_hole(tmp_path, sheet):
    sheet.square(0, 0, 20)
    sheet.square(5, 5, 5)
    assert read(sheet.saved(tmp_path))[0].area.tolist() == [400.0, 25.0]


def test_a_hatch_that_repeats_an_outline_of_its_layer_is_left_out(tmp_path, sheet):
    outline = sheet.square(0, 0)
    sheet.hatch(rectangle(0, 0, 10, 10))
    frame, found = read(sheet.saved(tmp_path))
    assert frame.index.tolist() == [outline.dxf.handle]
    assert codes(found)["drawing_doubles"]["count"] == 1


def test_a_hatch_that_repeats_a_hatch_is_left_out(tmp_path, sheet):
    first = sheet.hatch(rectangle(0, 0, 10, 10))
    sheet.hatch(rectangle(0, 0, 10, 10))
    assert read(sheet.saved(tmp_path))[0].index.tolist() == [first.dxf.handle]


def test_a_hatch_beside_an_outline_is_kept(tmp_path, sheet):
    sheet.square(0, 0)
    sheet.hatch(rectangle(1, 0, 10, 10))
    assert len(read(sheet.saved(tmp_path))[0]) == 2


def test_a_hatch_on_another_layer_is_kept(tmp_path, sheet):
    sheet.square(0, 0)
    sheet.hatch(rectangle(0, 0, 10, 10), layer="填充")
    assert len(read(sheet.saved(tmp_path), layers=(HOUSES, "填充"))[0]) == 2


def test_blocks_are_inserted_turned_and_scaled(tmp_path, sheet):
    sheet.square(0, 0, 5, layer="0", on=sheet.block())
    sheet.insert("房屋块", 100, 100, rotation=90, xscale=2, yscale=2)
    frame, _ = read(sheet.saved(tmp_path))
    assert frame.total_bounds.round(6).tolist() == [90, 100, 100, 110]


def test_what_stands_on_its_own_layer_in_a_block_is_read_by_that_layer(tmp_path, sheet):
    block = sheet.block()
    sheet.square(0, 0, 5, on=block)
    sheet.square(10, 0, 5, layer="其他", on=block)
    sheet.insert("房屋块", 0, 0, layer="图块")
    assert read(sheet.saved(tmp_path))[0].total_bounds.tolist() == [0, 0, 5, 5]


def test_pieces_of_one_block_have_ids_of_their_own(tmp_path, sheet):
    block = sheet.block()
    sheet.square(0, 0, 5, on=block)
    sheet.square(10, 0, 5, on=block)
    handle = sheet.insert("房屋块", 0, 0).dxf.handle
    assert read(sheet.saved(tmp_path))[0].index.tolist() == [handle, f"{handle}-2"]


def test_a_block_inserted_in_rows_and_columns_is_drawn_each_time(tmp_path, sheet):
    sheet.square(0, 0, 5, layer="0", on=sheet.block())
    sheet.insert("房屋块", 0, 0, row_count=3, column_count=2, row_spacing=10, column_spacing=20)
    assert len(read(sheet.saved(tmp_path))[0]) == 6


def test_blocks_that_multiply_without_end_are_refused(tmp_path, sheet):
    sheet.square(0, 0, 5, on=sheet.block("B0"))
    for number in range(1, 9):
        block = sheet.block(f"B{number}")
        for x in range(10):
            block.add_blockref(f"B{number - 1}", (x, 0))
    sheet.insert("B8", 0, 0)
    fault = refused(sheet.saved(tmp_path))
    assert (fault["code"], fault["values"]["count"]) == ("drawing_block_large", 2_000_001)


def test_a_block_that_holds_itself_is_refused(tmp_path, sheet):
    block = sheet.block("B")
    sheet.square(0, 0, 5, on=block)
    block.add_blockref("B", (1, 0))
    sheet.insert("B", 0, 0)
    assert refused(sheet.saved(tmp_path))["code"] == "drawing_block_large"


def test_blocks_within_blocks_are_drawn(tmp_path, sheet):
    sheet.square(0, 0, 5, layer="0", on=sheet.block("B0"))
    sheet.block("B1").add_blockref("B0", (10, 0), dxfattribs={"layer": "0"})
    sheet.insert("B1", 100, 0)
    assert read(sheet.saved(tmp_path))[0].total_bounds.tolist() == [110, 0, 115, 5]


def test_blocks_nested_too_deep_are_refused(tmp_path, sheet):
    sheet.square(0, 0, 5, on=sheet.block("B0"))
    for number in range(1, 150):
        sheet.block(f"B{number}").add_blockref(f"B{number - 1}", (1, 0))
    sheet.insert("B149", 0, 0)
    assert refused(sheet.saved(tmp_path))["code"] == "drawing_block_large"


def test_a_text_within_one_polygon_names_it(tmp_path, sheet):
    sheet.square(0, 0)
    sheet.square(20, 0)
    sheet.text("甲", 5, 5)
    frame, found = read(sheet.saved(tmp_path), layers=(HOUSES, NOTES))
    assert frame["cad_text"].fillna("").tolist() == ["甲", ""]
    assert codes(found)["drawing_read"]["names"] == 1


def test_texts_in_one_polygon_are_joined_from_the_top(tmp_path, sheet):
    sheet.square(0, 0)
    sheet.text("右", 6, 4)
    sheet.text("左", 2, 4)
    sheet.text("上", 4, 8)
    assert read(sheet.saved(tmp_path), layers=(HOUSES, NOTES))[0]["cad_text"].tolist() == ["上 左 右"]


def test_a_text_in_two_polygons_or_none_names_nothing_and_is_counted(tmp_path, sheet):
    sheet.square(0, 0)
    sheet.square(5, 0)
    sheet.text("两边", 7, 5)
    sheet.text("外面", 50, 50)
    frame, found = read(sheet.saved(tmp_path), layers=(HOUSES, NOTES))
    assert frame["cad_text"].isna().all()
    assert codes(found)["drawing_texts"]["count"] == 2


def test_heights_are_a_column_and_stay_in_the_geometry(tmp_path, sheet):
    sheet.square(0, 0, elevation=12.5)
    sheet.square(20, 0)
    frame, _ = read(sheet.saved(tmp_path))
    assert frame["elevation"].fillna(-1).tolist() == [12.5, -1]
    assert frame.has_z.tolist() == [True, False]


def test_there_is_no_column_of_heights_where_all_are_zero(tmp_path, sheet):
    sheet.model.add_circle((0, 0), 5, dxfattribs={"layer": HOUSES})
    frame, _ = read(sheet.saved(tmp_path))
    assert "elevation" not in frame.columns
    assert not frame.has_z.any()


def test_layers_give_parcels_their_land_code(tmp_path, sheet):
    sheet.square(0, 0)
    sheet.square(20, 0, layer="工业")
    sheet.square(40, 0, layer="未知")
    frame, found = read(sheet.saved(tmp_path), layers=("未知",), cad_codes={HOUSES: "0701", "工业": "0601"})
    assert dict(zip(frame["cad_layer"], frame["land_code"].fillna(""), strict=True)) == {
        HOUSES: "0701",
        "工业": "0601",
        "未知": "",
    }
    assert codes(found)["drawing_no_code"] == {"count": 1, "layers": "未知 (1)"}


def test_land_codes_for_another_layer_are_reported_as_unused(tmp_path, sheet):
    sheet.square(0, 0)
    frame, found = read(sheet.saved(tmp_path), layer="buildings", cad_codes={HOUSES: "0701"})
    assert "land_code" not in frame.columns
    assert "drawing_codes_unused" in codes(found)


def test_dimensions_and_leaders_are_no_ground(tmp_path, sheet):
    sheet.line((0, 0), (50, 0), layer=ROADS)
    sheet.model.add_linear_dim((0, -2), (0, 0), (10, 0), dxfattribs={"layer": ROADS}).render()
    sheet.model.add_leader([(0, 0), (5, 5)], dxfattribs={"layer": ROADS})
    frame, found = read(sheet.saved(tmp_path), layer="streets", layers=(ROADS,))
    assert frame.length.tolist() == [50.0]
    assert codes(found)["drawing_notes"] == {"count": 2, "kinds": "DIMENSION 1, LEADER 1"}


def test_what_stands_on_a_sheet_is_no_ground(tmp_path, sheet):
    sheet.square(0, 0)
    sheet.square(0, 0, on=sheet.document.paperspace())
    frame, found = read(sheet.saved(tmp_path))
    assert len(frame) == 1
    assert codes(found)["drawing_paper"] == {"count": 1, "kinds": "LWPOLYLINE 1"}


def test_what_cannot_be_read_is_counted_by_its_kind(tmp_path, sheet):
    sheet.square(0, 0)
    sheet.model.add_spline([(0, 0), (1, 2), (3, 3)], dxfattribs={"layer": HOUSES})
    sheet.model.add_xline((0, 0), (1, 0), dxfattribs={"layer": HOUSES})
    frame, found = read(sheet.saved(tmp_path))
    assert len(frame) == 1
    assert codes(found)["drawing_unread"] == {"count": 2, "kinds": "SPLINE 1, XLINE 1"}


def test_a_layer_of_which_nothing_can_be_read_has_no_rows(tmp_path, sheet):
    sheet.model.add_spline([(0, 0), (1, 2), (3, 3)], dxfattribs={"layer": HOUSES})
    frame, found = read(sheet.saved(tmp_path))
    assert len(frame) == 0
    assert codes(found)["drawing_read"]["left_out"] == 1


def test_splines_with_control_points_are_lines(tmp_path, sheet):
    sheet.model.add_open_spline([(0, 0), (10, 0), (20, 0), (30, 0)], dxfattribs={"layer": ROADS})
    frame, _ = read(sheet.saved(tmp_path), layer="streets", layers=(ROADS,))
    assert frame.length.tolist() == pytest.approx([30])


def test_a_layer_of_points_takes_points_and_the_places_of_blocks(tmp_path, sheet):
    sheet.square(0, 0, 1, layer="0", on=sheet.block("树"))
    sheet.insert("树", 7, 8)
    sheet.model.add_point((1, 2), dxfattribs={"layer": HOUSES})
    sheet.line((0, 0), (5, 5))
    sheet.hatch(rectangle(0, 0, 5, 5))
    frame, found = read(sheet.saved(tmp_path), layer="trees")
    assert frame.geometry.to_wkt().tolist() == ["POINT (7 8)", "POINT (1 2)"]
    assert (codes(found)["drawing_lines"]["count"], codes(found)["drawing_areas"]["count"]) == (1, 1)


def test_points_on_a_layer_of_polygons_are_counted(tmp_path, sheet):
    sheet.square(0, 0)
    sheet.model.add_point((1, 2), dxfattribs={"layer": HOUSES})
    assert codes(read(sheet.saved(tmp_path))[1])["drawing_points"]["count"] == 1


def test_a_ring_among_lines_of_streets_stays_a_line(tmp_path, sheet):
    sheet.square(0, 0, layer=ROADS)
    sheet.line((10, 0), (50, 0), layer=ROADS)
    assert (
        read(sheet.saved(tmp_path), layer="streets", layers=(ROADS,))[0].geom_type.tolist()
        == ["LineString"] * 2
    )


@pytest.mark.parametrize(("said", "kind"), [("centre_lines", "Polygon"), ("edges", "LineString")])
def test_streets_of_which_all_are_outlines_are_surfaces_unless_they_are_edges(tmp_path, sheet, said, kind):
    sheet.line(*rectangle(0, 0, 50, 8), closed=True, layer=ROADS)
    frame, _ = read(sheet.saved(tmp_path), layer="streets", layers=(ROADS,), drawn_as=said)
    assert frame.geom_type.tolist() == [kind]


def test_outlines_among_other_lines_are_surfaces_if_that_is_said(tmp_path, sheet):
    sheet.line(*rectangle(0, 0, 50, 8), closed=True, layer=ROADS)
    sheet.line((50, 4), (90, 4), layer=ROADS)
    frame, _ = read(sheet.saved(tmp_path), layer="streets", layers=(ROADS,), drawn_as="surfaces")
    assert frame.geom_type.tolist() == ["Polygon", "LineString"]


def test_entities_without_handles_are_given_some(tmp_path):
    path = tmp_path / "r12.dxf"
    corners = "".join(f"0\nVERTEX\n8\nA\n10\n{x}\n20\n{y}\n" for x, y in rectangle(0, 0, 3, 4))
    body = f"0\nPOLYLINE\n8\nA\n66\n1\n70\n1\n{corners}0\nSEQEND\n"
    path.write_text(f"0\nSECTION\n2\nENTITIES\n{body}{body.replace('10', '10')}0\nENDSEC\n0\nEOF\n")
    frame, found = read(path, layers=("A",))
    assert (frame.area.tolist(), frame.index.is_unique) == ([12.0, 12.0], True)
    assert codes(found)["drawing_read"]["count"] == 2


def test_every_entity_is_a_row_a_name_or_left_out(tmp_path, sheet):
    sheet.square(0, 0, elevation=3)
    sheet.hatch(rectangle(0, 0, 10, 10))
    sheet.hatch(rectangle(50, 0, 10, 10))
    sheet.line((0, 0), (5, 5))
    sheet.text("名", 5, 5, layer=HOUSES)
    sheet.text("外", 99, 5, layer=HOUSES)
    sheet.model.add_point((1, 2), dxfattribs={"layer": HOUSES})
    sheet.model.add_xline((0, 0), (1, 0), dxfattribs={"layer": HOUSES})
    sheet.model.add_leader([(0, 0), (5, 5)], dxfattribs={"layer": HOUSES})
    sheet.square(0, 0, on=sheet.document.paperspace())
    path = sheet.saved(tmp_path)
    frame, found = read(path)
    there = ezdxf.readfile(path)
    drawn = Counter(entity.dxf.layer for layout in there.layouts for entity in layout)
    said = codes(found)["drawing_read"]
    assert said["count"] == drawn[HOUSES] == 10
    assert said["count"] == len(frame) + said["names"] + said["left_out"]
    assert (len(frame), said["names"], said["left_out"]) == (2, 1, 7)


def test_areas_are_those_that_ezdxf_reads(tmp_path, sheet):
    for number in range(30):
        sheet.line(*rectangle(20 * number, 0, 5 + number, 3), closed=True)
    path = sheet.saved(tmp_path)
    theirs = {
        entity.dxf.handle: shapely.Polygon(entity.get_points("xy")).area
        for entity in ezdxf.readfile(path).modelspace()
    }
    assert read(path)[0].area.to_dict() == pytest.approx(theirs)


def test_a_block_of_which_nothing_can_be_read_is_counted(tmp_path, sheet):
    block = sheet.block("B")
    block.add_spline([(0, 0), (1, 2), (3, 3)], dxfattribs={"layer": HOUSES})
    sheet.insert("B", 0, 0)
    found = codes(read(sheet.saved(tmp_path))[1])
    assert found["drawing_unread"] == {"count": 1, "kinds": "INSERT 1"}
    assert "file_warning" in found


def test_a_damaged_drawing_is_refused_with_its_line(tmp_path, sheet):
    sheet.square(0, 0)
    path = sheet.saved(tmp_path)
    head, entities = path.read_bytes().split(b"ENTITIES", 1)
    entities = entities.replace(b"\n 10\n", b"\nxyz\n", 1)
    path.write_bytes(head + b"ENTITIES" + entities)
    fault = refused(path)
    line = (head + entities[: entities.index(b"xyz")]).count(b"\n") + 1
    assert (fault["code"], fault["values"]["line"]) == ("drawing_pairs", line)


def test_a_drawing_that_lost_a_line_is_refused(tmp_path, sheet):
    sheet.square(0, 0)
    path = sheet.saved(tmp_path)
    lines = path.read_bytes().split(b"\n")
    del lines[len(lines) // 2]
    path.write_bytes(b"\n".join(lines))
    assert refused(path)["code"] in ("drawing_pairs", "drawing_layer_missing")


def test_a_drawing_is_read_as_any_other_file(tmp_path, sheet):
    sheet.square(0, 0)
    frame, _ = read_vector(
        sheet.saved(tmp_path), layer="parcels", part=LayerPart(path="drawing.dxf", cad_layers=[HOUSES])
    )
    assert len(frame) == 1


TOWN = """
[town]
name = "甲镇"
crs = "EPSG:4549"
[layers.built_up]
path = "town.dxf"
crs = "EPSG:4549"
cad_layers = ["建成区"]
[layers.parcels]
path = "town.dxf"
{crs}
codes = "sandiao"
cad_layers = ["注记"]
cad_codes = {{ "住宅用地" = "0701" }}
fields = {{ name = "cad_text" }}
[layers.streets]
path = "town.dxf"
crs = "EPSG:4549"
cad_layers = ["道路中心线"]
"""


def town_folder(folder, sheet, *, crs='crs = "EPSG:4549"'):
    x, y = 570_000, 3_400_000
    sheet.square(x, y, 500, layer="建成区")
    sheet.square(x, y, 100, elevation=4)
    sheet.text("城东小区", x + 5, y + 5)
    sheet.line(*[(x + a, y + 200 + b) for a, b in rectangle(0, 0, 300, 8)], closed=True, layer=ROADS)
    sheet.saved(folder).rename(folder / "town.dxf")
    (folder / "town.toml").write_text(TOWN.format(crs=crs), encoding="utf-8")
    return folder


def test_a_town_is_read_from_a_drawing(tmp_path, sheet):
    town = fg.read_town(town_folder(tmp_path, sheet))
    parcels, streets = town["parcels"], town["streets"]
    assert parcels[["name", "land_code"]].to_numpy().tolist() == [["城东小区", "0701"]]
    assert streets[["width_m"]].round(2).to_numpy().tolist() == [[8.0]]
    assert {"z_dropped", "streets_centre_lines", "drawing_read"} <= set(town.findings["code"])


def test_a_drawing_states_no_crs_and_is_told_which_it_may_be(tmp_path, sheet):
    with pytest.raises(TownError) as caught:
        fg.read_town(town_folder(tmp_path, sheet, crs=""))
    faults = caught.value.findings
    row = faults[faults["code"] == "crs_missing"].iloc[0]
    assert row["layer"] == "parcels"
    assert "EPSG:4549" in row["found"]


def test_the_frame_of_a_drawing_has_no_crs(tmp_path, sheet):
    sheet.square(0, 0)
    frame, _ = read(sheet.saved(tmp_path))
    assert isinstance(frame, gpd.GeoDataFrame)
    assert frame.crs is None
