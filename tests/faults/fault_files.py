"""Files that are not whole, not what they say, or not to be opened."""

from __future__ import annotations

import stat
import struct
import zipfile

import ezdxf
import openpyxl
import pyogrio
from faulty import Faults, places, squares, table, vector
from vector_files import cut, old_workbook

FAULTS = Faults()
of = FAULTS.of


def written(path, frame=None, **options):
    (places() if frame is None else frame).to_file(path, **options)
    return path


def with_bytes(path, content):
    path.write_bytes(content)
    return path


def packed(path, **members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__csv", ".csv").replace("__kml", ".kml"), content)
    return path


def drawing(path):
    document = ezdxf.new("R2007")
    for x in (0, 20):
        ring = [(572_000 + x, 3_403_000), (572_010 + x, 3_403_000), (572_010 + x, 3_403_010)]
        document.modelspace().add_lwpolyline(ring, close=True, dxfattribs={"layer": "住宅"})
    document.saveas(path)
    return path


# Files that were cut: by a full disk, a killed program, a broken copy.


@of("file_cut", "门.shp")
def shp_cut_opens_with_half_its_geometries_null(folder):
    return vector(cut(written(folder / "门.shp", encoding="GBK"), 0.8))


@of("file_cut", "门.shx")
def shx_cut(folder):
    return vector(
        cut(written(folder / "门.shp", encoding="GBK").with_suffix(".shx"), 0.9).with_suffix(".shp")
    )


@of("file_short", "门.dbf")
def dbf_cut(folder):
    return vector(
        cut(written(folder / "门.shp", encoding="GBK").with_suffix(".dbf"), 0.9).with_suffix(".shp")
    )


@of("file_short", "门.dbf", layer="communities")
def dbf_cut_as_a_table(folder):
    return table(cut(written(folder / "门.shp", encoding="GBK").with_suffix(".dbf"), 0.9))


@of("file_short", "门.gpkg")
def gpkg_cut(folder):
    return vector(cut(written(folder / "门.gpkg"), 0.5))


@of("file_broken", "门.gpkg")
def gpkg_with_a_page_of_rubbish(folder):
    path = written(folder / "门.gpkg")
    whole = path.read_bytes()
    return vector(with_bytes(path, whole[:4096] + b"\x5a" * 4096 + whole[8192:]))


@of("file_short", "门.fgb")
def fgb_cut(folder):
    return vector(cut(written(folder / "门.fgb"), 0.9))


@of("file_rows", "门.fgb")
def fgb_killed_amid_writing_opens_without_rows(folder):
    # A writer that is killed has written its header, which states no feature, and features behind it.
    path = folder / "门.fgb"
    pyogrio.write_dataframe(places(), path, driver="FlatGeobuf", SPATIAL_INDEX="NO")
    whole = bytearray(path.read_bytes())
    at = whole.index(struct.pack("<Q", 4), 12)
    whole[at : at + 8] = bytes(8)
    return vector(with_bytes(path, bytes(whole)))


@of("file_short", ".gdbtable")
def gdb_cut(folder):
    path = written(folder / "门.gdb", driver="OpenFileGDB")
    largest = max(path.glob("*.gdbtable"), key=lambda part: part.stat().st_size)
    cut(largest, 0.5)
    return vector(path)


@of("file_part_missing", "gdbtablx")
def gdb_without_the_index_of_a_table(folder):
    path = written(folder / "门.gdb", driver="OpenFileGDB")
    max(path.glob("*.gdbtablx")).unlink()
    return vector(path)


@of("file_broken", "门.geojson")
def geojson_cut(folder):
    return vector(cut(written(folder / "门.geojson", places().to_crs(4326)), 0.7))


@of("file_broken", "门.kml")
def kml_cut(folder):
    return vector(cut(written(folder / "门.kml", places().to_crs(4326), driver="LIBKML"), 0.7))


@of("file_short", "门.parquet")
def parquet_cut(folder):
    places().to_parquet(folder / "门.parquet")
    return vector(cut(folder / "门.parquet", 0.9))


@of("drawing_cut", "a.dxf", layer="parcels")
def dxf_cut(folder):
    return vector(cut(drawing(folder / "a.dxf"), 0.9), into="parcels", cad_layers=["住宅"])


@of("file_short", ".dat")
def tab_with_a_cut_dat(folder):
    path = written(
        folder / "门.tab",
        squares().rename(columns={"名称": "name", "层数": "n"}),
        driver="MapInfo File",
        encoding="GBK",
    )
    cut(path.with_suffix(".dat"), 0.6)
    return vector(path)


@of("file_short", "门.mif")
def mif_cut(folder):
    frame = squares().rename(columns={"名称": "name", "层数": "n"})
    path = written(folder / "门.mif", frame, driver="MapInfo File", encoding="GBK")
    whole = path.read_bytes()
    return vector(with_bytes(path, whole[: whole.rindex(b"3403") + 3]))


@of("file_rows", "门.mid")
def mid_with_fewer_lines(folder):
    frame = squares().rename(columns={"名称": "name", "层数": "n"})
    path = written(folder / "门.mif", frame, driver="MapInfo File", encoding="GBK")
    mid = path.with_suffix(".mid")
    mid.write_bytes(mid.read_bytes() + b'"x",1\r\n')
    return vector(path)


@of("file_broken", "a.xlsx")
def xlsx_cut(folder):
    places().drop(columns="geometry").to_excel(folder / "a.xlsx")
    return vector(cut(folder / "a.xlsx", 0.7), x="x", y="y")


@of("file_broken", "a.xls")
def xls_cut(folder):
    return vector(cut(old_workbook(folder / "a.xls", [["x", "y"], [1.0, 2.0]]), 0.4), x="x", y="y")


@of("file_broken", "a.zip")
def zip_cut(folder):
    return vector(cut(packed(folder / "a.zip", a__csv="x,y\n1,2\n" * 500), 0.7), x="x", y="y")


@of("file_empty", "门.gpkg")
def nothing_in_a_file(folder):
    return vector(with_bytes(folder / "门.gpkg", b""))


@of("file_missing", "门.gpkg")
def no_file(folder):
    return vector(folder / "门.gpkg")


@of("file_part_missing", ".shx", ".dbf")
def shp_sent_alone(folder):
    path = written(folder / "门.shp", encoding="GBK")
    for suffix in (".shx", ".dbf"):
        path.with_suffix(suffix).unlink()
    return vector(path)


@of("file_part_missing", ".map", ".id")
def tab_sent_without_its_map(folder):
    frame = squares().rename(columns={"名称": "name", "层数": "n"})
    path = written(folder / "门.tab", frame, driver="MapInfo File", encoding="GBK")
    for suffix in (".map", ".id"):
        path.with_suffix(suffix).unlink()
    return vector(path)


# Files that are not what they say, or reach out.


@of("file_first_bytes", "parcels.geojson")
def vrt_named_geojson_reads_another_file(folder):
    written(folder / "secret.gpkg")
    vrt = f'<OGRVRTDataSource><OGRVRTLayer name="secret"><SrcDataSource>{folder}/secret.gpkg</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>'
    return vector(with_bytes(folder / "parcels.geojson", vrt.encode()))


@of("file_first_bytes", "a.kmz")
def gpkg_named_kmz(folder):
    written(folder / "a.gpkg").rename(folder / "a.kmz")
    return vector(folder / "a.kmz")


@of("file_not_features", "a.json")
def json_of_a_pipeline(folder):
    return vector(
        with_bytes(
            folder / "a.json", b'{"type": "gdal_streamed_alg", "command_line": "gdal vector pipeline"}'
        )
    )


@of("file_reaches_out", "a.tab")
def tab_that_links_a_database(folder):
    text = '!table\n!version 300\nDefinition Table\n  Type LINKED Charset "Neutral"\n  Fields 1\n    a Char (10) ;\n'
    return vector(with_bytes(folder / "a.tab", text.encode()))


@of("file_entities", "bomb.kml")
def kml_with_an_entity_bomb(folder):
    bomb = '<?xml version="1.0"?><!DOCTYPE kml [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><kml><Document><Placemark><name>&b;</name></Placemark></Document></kml>'
    return vector(with_bytes(folder / "bomb.kml", bomb.encode()))


@of("file_entities", "doc.kml")
def kmz_with_an_external_entity(folder):
    text = '<!DOCTYPE kml [<!ENTITY x SYSTEM "file:///etc/hostname">]><kml><Document>&x;</Document></kml>'
    return vector(packed(folder / "a.kmz", doc__kml=f'<?xml version="1.0"?>{text}'))


@of("format_exchange", "bomb.gml")
def gml_whose_bomb_reads_as_an_empty_layer(folder):
    return vector(with_bytes(folder / "bomb.gml", b'<!DOCTYPE x [<!ENTITY a "b">]><gml:FeatureCollection/>'))


@of("file_path", "!")
def path_of_a_member_of_an_archive(folder):
    path = written(folder / "门.gpkg")
    (folder / "a!b").mkdir()
    return vector(path.rename(folder / "a!b" / "门.gpkg"))


@of("file_missing", "GPKG:")
def connection_string(folder):
    written(folder / "a.gpkg")
    return vector(folder / "GPKG:a.gpkg:a")


@of("file_missing", "vsicurl")
def network_path(folder):
    return vector(folder / "/vsicurl/http:/example.invalid/a.gpkg")


@of("archive_member", "a.zip", "../门.csv")
def zip_that_leaves_its_folder(folder):
    return vector(packed(folder / "a.zip", **{"../门__csv": "x,y\n1,2\n"}), x="x", y="y")


@of("archive_member", "a.zip")
def zip_with_a_link(folder):
    with zipfile.ZipFile(folder / "a.zip", "w") as archive:
        link = zipfile.ZipInfo("a.csv")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/hostname")
    return vector(folder / "a.zip", x="x", y="y")


@of("archive_large", "a.zip")
def zip_bomb(folder):
    return vector(packed(folder / "a.zip", a__csv=b"0" * 40_000_000), x="x", y="y")


@of("file_locked", "a.xlsx")
def workbook_with_a_password(folder):
    return vector(with_bytes(folder / "a.xlsx", bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600)))


@of("archive_nothing", "a.zip")
def zip_of_nothing(folder):
    return vector(packed(folder / "a.zip", **{"__MACOSX/a__csv": "x"}))


@of("file_broken", "a.csv")
def csv_with_a_row_too_long(folder):
    return vector(with_bytes(folder / "a.csv", b"x,y\n1,2\n1,2,3\n"), x="x", y="y")


# What cannot be read at all says what to export in its place.

for name, code, remedy in (
    ("规划.dwg", "format_dwg", "DXF"),
    ("a.mdb", "format_access", ".gdb"),
    ("a.mxd", "format_project", "GeoPackage"),
    ("a.mpk", "format_package", ".gdb"),
    ("a.rar", "format_archive", ".zip"),
    ("a.docx", "format_document", ".xlsx"),
    ("a.tif", "format_picture", "GeoPackage"),
    ("a.skp", "format_model", "DXF"),
    ("a.et", "format_sheet", ".xlsx"),
    ("a.dbf", "format_part", ".shp"),
    ("a.pbf", "format_osm", "import-osm"),
    ("a.e00", "format_exchange", "GeoPackage"),
    ("a.xyz", "file_format", "a.xyz"),
):

    @of(code, name, remedy, case=name)
    def unreadable(folder, name):
        return vector(with_bytes(folder / name, b"AC1027 nothing"))


@of("drawing_binary", "a.dxf", layer="parcels")
def dxf_in_binary(folder):
    return vector(
        with_bytes(folder / "a.dxf", b"AutoCAD Binary DXF\r\n\x1a\x00" + bytes(200)),
        into="parcels",
        cad_layers=["0"],
    )


@of("drawing_pairs", "a.dxf", layer="parcels")
def dxf_that_lost_a_line(folder):
    path = drawing(folder / "a.dxf")
    lines = path.read_bytes().split(b"\n")
    return vector(with_bytes(path, b"\n".join(lines[:41] + lines[42:])), into="parcels", cad_layers=["住宅"])


# What must be named.


@of("drawing_layers_unnamed", "住宅", layer="parcels")
def dxf_without_layers_named(folder):
    return vector(drawing(folder / "a.dxf"), into="parcels")


@of("drawing_layer_missing", "住宅", "河流", layer="parcels")
def dxf_without_the_layer_named(folder):
    return vector(drawing(folder / "a.dxf"), into="parcels", cad_layers=["河流"])


@of("table_unnamed", "a.gpkg", "门, 桥")
def gpkg_of_two_layers(folder):
    for name in ("门", "桥"):
        written(folder / "a.gpkg", layer=name)
    return vector(folder / "a.gpkg")


@of("table_missing", "a.gpkg", "路")
def gpkg_without_the_layer_named(folder):
    return vector(written(folder / "a.gpkg", layer="门"), layer="路")


@of("table_no_geometry", "a.parquet")
def parquet_without_shapes(folder):
    places().drop(columns="geometry").to_parquet(folder / "a.parquet")
    return vector(folder / "a.parquet")


@of("xy_unnamed", "a.csv", "经度")
def csv_without_its_coordinates_named(folder):
    return vector(with_bytes(folder / "a.csv", "经度,纬度\n120.7,30.7\n".encode()))


@of("xy_missing", "a.csv", "lon", "经度")
def csv_without_the_columns_named(folder):
    return vector(with_bytes(folder / "a.csv", "经度,纬度\n120.7,30.7\n".encode()), x="lon", y="纬度")


@of("wkt_wrong", "a.csv", "3", severity="warning")
def csv_with_a_shape_that_is_none(folder):
    return vector(with_bytes(folder / "a.csv", b"id,wkt\na,POINT (1 2)\nb,POINT (1\n"))


@of("sheet_title", "a.xlsx", "2023 年设施", severity="warning")
def workbook_with_a_title(folder):
    book = openpyxl.Workbook()
    for row in (["2023 年设施"], ["x", "y"], [572_000, 3_403_000]):
        book.active.append(row)
    book.save(folder / "a.xlsx")
    return vector(folder / "a.xlsx", x="x", y="y")


@of("sheet_empty", "a.xlsx")
def workbook_of_nothing(folder):
    openpyxl.Workbook().save(folder / "a.xlsx")
    return vector(folder / "a.xlsx", x="x", y="y")


@of("file_broken", "a.xlsx")
def workbook_with_a_cell_at_the_far_end_of_its_sheet(folder):
    # All between would be 17 thousand million cells.
    book = openpyxl.Workbook()
    for row in (["x", "y"], [572_000, 3_403_000]):
        book.active.append(row)
    book.active["XFD1048576"] = "x"
    book.save(folder / "a.xlsx")
    return vector(folder / "a.xlsx", x="x", y="y")


@of("file_broken", "a.xls")
def old_workbook_whose_sectors_lead_round_in_a_circle(folder):
    path = old_workbook(folder / "a.xls", [["x", "y"], [1.0, 2.0]])
    whole = bytearray(path.read_bytes())
    # The table of sectors is the first one; the second, which holds the names, leads to itself.
    whole[512 + 4 : 512 + 8] = struct.pack("<I", 1)
    return vector(with_bytes(path, bytes(whole)), x="x", y="y")


@of("curves_straightened", "门.mif", severity="warning")
def mif_with_arcs(folder):
    text = 'Version 300\nCharset "Neutral"\nCoordSys Earth Projection 1, 104\nColumns 0\nData\n\nArc 120 30 121 31 0 90\n'
    return vector(with_bytes(folder / "门.mif", text.encode()))
