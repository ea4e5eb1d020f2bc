"""Formats that GDAL reads: what comes back, and what is refused."""

from __future__ import annotations

import shutil
import sqlite3
import struct
import zipfile

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import shapely
from vector_files import NAMES, codes, cut, fault, four_places, four_squares, read, rows, table_fault

KML = (
    '<?xml version="1.0" encoding="{encoding}"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document>{more}'
    "<Placemark><name>水乡社区</name><Point><coordinates>120.5,30.5</coordinates></Point></Placemark>"
    "</Document></kml>"
)


def kml(folder, encoding="UTF-8", more="", name="a.kml"):
    (folder / name).write_bytes(KML.format(encoding=encoding, more=more).encode(encoding))
    return folder / name


@pytest.fixture(scope="module")
def geodatabase(tmp_path_factory):
    path = tmp_path_factory.mktemp("base") / "t.gdb"
    floors = four_squares().astype({"层数": "int32"})
    pyogrio.write_dataframe(floors, path, layer="门", driver="OpenFileGDB")
    table = floors.drop(columns="geometry")
    pyogrio.write_dataframe(table, path, layer="表", driver="OpenFileGDB", append=True)
    return path


@pytest.fixture
def base(geodatabase, tmp_path):
    shutil.copytree(geodatabase, tmp_path / "t.gdb")
    return tmp_path / "t.gdb"


def test_flatgeobuf_is_read(tmp_path):
    pyogrio.write_dataframe(four_places(), tmp_path / "t.fgb")
    back = read(tmp_path / "t.fgb")
    assert sorted(back["名称"]) == sorted(NAMES)
    assert back.crs == four_places().crs


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9, 0.99])
def test_a_cut_flatgeobuf_is_refused(tmp_path, share):
    pyogrio.write_dataframe(four_places(), tmp_path / "t.fgb")
    assert fault(cut(tmp_path / "t.fgb", share))["code"] == "file_short"


def test_a_flatgeobuf_joined_to_another_is_refused(tmp_path):
    pyogrio.write_dataframe(four_places(), tmp_path / "t.fgb")
    whole = (tmp_path / "t.fgb").read_bytes()
    (tmp_path / "t.fgb").write_bytes(whole + whole)
    assert fault(tmp_path / "t.fgb")["code"] in ("file_short", "file_rows")


def test_a_flatgeobuf_that_says_it_is_empty_and_is_not_is_refused(tmp_path):
    pyogrio.write_dataframe(four_places(), tmp_path / "t.fgb", SPATIAL_INDEX="NO")
    pyogrio.write_dataframe(
        four_places().iloc[:0], tmp_path / "e.fgb", SPATIAL_INDEX="NO", geometry_type="Point"
    )
    empty, whole = (tmp_path / "e.fgb").read_bytes(), (tmp_path / "t.fgb").read_bytes()
    start = 12 + struct.unpack("<I", whole[8:12])[0]
    (tmp_path / "e.fgb").write_bytes(empty + whole[start:])
    finding = fault(tmp_path / "e.fgb")
    assert finding["code"] == "file_rows"
    assert finding["found"] == "e.fgb is not whole: 0 features stated, 4 there"


@pytest.mark.parametrize("count", [0, 1, 2, 16, 17, 257])
@pytest.mark.parametrize("index", ["YES", "NO"])
def test_a_whole_flatgeobuf_of_any_size_is_read(tmp_path, count, index):
    points = gpd.GeoDataFrame(
        {"a": range(count)}, geometry=[shapely.Point(i, 1) for i in range(count)], crs=4549
    )
    pyogrio.write_dataframe(points, tmp_path / "t.fgb", SPATIAL_INDEX=index, geometry_type="Point")
    assert len(read(tmp_path / "t.fgb")) == count


def test_a_geodatabase_is_read_by_the_name_of_its_layer(base):
    back = read(base, layer="门")
    assert back["名称"].tolist() == NAMES
    assert shapely.area(back.geometry.to_numpy()).tolist() == [64.0] * 4


def test_the_only_layer_with_geometry_of_a_geodatabase_needs_no_name(base):
    assert read(base)["名称"].tolist() == NAMES


def test_a_table_of_a_geodatabase_is_no_layer_and_is_told_so(base):
    finding = fault(base, layer="表")
    assert finding["code"] == "table_no_geometry"
    assert "join" in finding["remedy"]


def test_a_table_of_a_geodatabase_is_read_as_a_table(base):
    assert rows(base, table="表")["名称"].tolist() == NAMES


def test_a_geodatabase_is_read_from_a_zip(base, tmp_path):
    assert base.name == "t.gdb"
    shutil.make_archive(str(tmp_path / "t.gdb"), "zip", tmp_path, "t.gdb")
    assert read(tmp_path / "t.gdb.zip", layer="门")["名称"].tolist() == NAMES


def test_a_geodatabase_packed_without_its_folder_is_read(base, tmp_path):
    shutil.make_archive(str(tmp_path / "bare"), "zip", base)
    assert read(tmp_path / "bare.zip", layer="门")["名称"].tolist() == NAMES


@pytest.mark.parametrize("part", ["gdbtable", "gdbtablx"])
def test_a_geodatabase_with_a_cut_table_is_refused(base, part):
    table = max(base.glob(f"*.{part}"), key=lambda path: path.name)
    cut(table, 0.7)
    finding = fault(base, layer="门")
    assert finding["code"] == "file_short"
    assert table.name in finding["found"]


def test_a_geodatabase_that_lost_a_part_is_refused(base):
    max(base.glob("*.gdbtablx")).unlink()
    assert fault(base)["code"] == "file_part_missing"


def test_an_empty_folder_named_gdb_is_refused(tmp_path):
    (tmp_path / "t.gdb").mkdir()
    assert fault(tmp_path / "t.gdb")["code"] == "file_part_missing"


def test_kml_is_read(tmp_path):
    back = read(kml(tmp_path))
    assert back["Name"].tolist() == ["水乡社区"]
    assert [back.geometry.x.tolist(), back.geometry.y.tolist()] == [[120.5], [30.5]]
    assert back.crs == 4326


def test_what_kml_does_not_say_is_no_column(tmp_path):
    assert read(kml(tmp_path)).columns.tolist() == ["Name", "geometry"]


@pytest.mark.parametrize("encoding", ["GBK", "UTF-16"])
def test_kml_is_read_in_the_encoding_that_it_declares(tmp_path, encoding):
    assert read(kml(tmp_path, encoding))["Name"].tolist() == ["水乡社区"]


def test_kml_that_declares_utf8_and_is_gbk_is_read_and_told(tmp_path):
    path = tmp_path / "a.kml"
    path.write_bytes(KML.format(encoding="UTF-8", more="").encode("gbk"))
    assert read(path)["Name"].tolist() == ["水乡社区"]
    assert codes(path) == ["encoding_of_bytes"]


def test_of_several_folders_of_a_kml_one_must_be_named(tmp_path):
    folder = (
        "<Folder><name>{}</name><Placemark><Point><coordinates>1,2</coordinates></Point></Placemark></Folder>"
    )
    text = KML.format(encoding="UTF-8", more=folder.format("a") + folder.format("b"))
    (tmp_path / "a.kml").write_text(text, encoding="utf-8")
    assert fault(tmp_path / "a.kml")["code"] == "table_unnamed"
    assert len(read(tmp_path / "a.kml", layer="b")) == 1


@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16"])
@pytest.mark.parametrize(
    "declared", ['<!DOCTYPE kml [<!ENTITY x "y">]>', '<!doctype kml SYSTEM "file:///etc/passwd">']
)
def test_kml_that_declares_entities_is_refused(tmp_path, declared, encoding):
    text = KML.format(encoding=encoding, more="").replace("<kml", f"{declared}<kml", 1)
    (tmp_path / "a.kml").write_bytes(text.encode(encoding))
    assert fault(tmp_path / "a.kml")["code"] == "file_entities"


def test_kml_that_links_to_another_brings_nothing_of_it(tmp_path):
    (tmp_path / "other").mkdir()
    other = kml(tmp_path / "other")
    more = "".join(
        f"<NetworkLink><Link><href>{place}</href></Link></NetworkLink>" for place in (other, "other/a.kml")
    )
    assert len(read(kml(tmp_path, more=more))) == 1


@pytest.mark.parametrize("space", ["", ' xmlns="http://earth.google.com/kml/2.1"', ' xmlns="a:b"'])
def test_kml_of_another_namespace_is_read(tmp_path, space):
    text = KML.format(encoding="UTF-8", more="").replace(' xmlns="http://www.opengis.net/kml/2.2"', space)
    (tmp_path / "a.kml").write_text(text, encoding="utf-8")
    assert len(read(tmp_path / "a.kml")) == 1


def test_cut_kml_is_refused(tmp_path):
    assert fault(cut(kml(tmp_path), 0.8))["code"] == "file_broken"


@pytest.mark.parametrize("root", ["OGRVRTDataSource", "gml", "html"])
def test_other_markup_named_kml_is_refused(tmp_path, root):
    (tmp_path / "a.kml").write_text(f'<?xml version="1.0"?><!-- <kml> --><{root}></{root}>', encoding="utf-8")
    assert fault(tmp_path / "a.kml")["code"] == "file_not_features"


def test_kmz_is_read(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.kmz", "w") as archive:
        archive.write(kml(tmp_path, name="doc.kml"), "doc.kml")
        archive.writestr("files/legend.png", b"\x89PNG")
    assert read(tmp_path / "a.kmz")["Name"].tolist() == ["水乡社区"]


@pytest.mark.parametrize("share", [0.2, 0.6, 0.99])
def test_a_cut_geopackage_is_refused(tmp_path, share):
    pyogrio.write_dataframe(four_places(), tmp_path / "t.gpkg")
    assert fault(cut(tmp_path / "t.gpkg", share))["code"] == "file_short"


def test_a_geopackage_that_would_read_other_files_is_refused(tmp_path):
    pyogrio.write_dataframe(four_places(), tmp_path / "t.gpkg")
    base = sqlite3.connect(tmp_path / "t.gpkg")
    base.execute("PRAGMA writable_schema = 1")
    base.execute(
        "INSERT INTO sqlite_master VALUES ('table', 'x', 'x', 0, 'CREATE VIRTUAL TABLE x USING VirtualOGR(''y'')')"
    )
    base.commit()
    base.close()
    finding = fault(tmp_path / "t.gpkg")
    assert finding["code"] == "file_reaches_out"
    assert "(x)" in finding["found"]


def test_a_geopackage_with_fewer_features_than_it_states_is_refused(tmp_path):
    pyogrio.write_dataframe(four_places(), tmp_path / "t.gpkg", layer="t")
    base = sqlite3.connect(tmp_path / "t.gpkg")
    base.execute("UPDATE gpkg_ogr_contents SET feature_count = 9")
    base.commit()
    base.close()
    assert fault(tmp_path / "t.gpkg")["found"] == "t.gpkg is not whole: 9 features stated, 4 there"


def test_arcs_are_straightened_and_told(tmp_path):
    # A circle of radius 1: pieces of 4 degrees enclose 45 sin 4° of the whole pi.
    arc = [(0, 0), (1, 1), (2, 0), (1, -1), (0, 0)]
    ring = struct.pack("<BII", 1, 8, 5) + b"".join(struct.pack("<dd", *point) for point in arc)
    circle = struct.pack("<BII", 1, 10, 1) + ring
    for name, driver, kind in (("t.gpkg", "GPKG", "Unknown"), ("t.gdb", "OpenFileGDB", "MultiPolygon")):
        pyogrio.raw.write(
            tmp_path / name,
            geometry=np.array([circle, shapely.box(5, 5, 6, 6).wkb], dtype=object),
            field_data=[np.array([1, 2], dtype="int32")],
            fields=["a"],
            crs="EPSG:4549",
            geometry_type=kind,
            driver=driver,
        )
        assert read(tmp_path / name).area.iloc[0] == pytest.approx(
            45 * 2 * np.sin(np.radians(4)) / 2, abs=1e-3
        )
        assert codes(tmp_path / name) == ["curves_straightened"]


def test_a_geopackage_of_straight_shapes_has_nothing_to_tell(tmp_path):
    pyogrio.write_dataframe(four_squares(), tmp_path / "t.gpkg")
    assert codes(tmp_path / "t.gpkg") == []


def test_days_beyond_the_calendar_of_machines_are_read(tmp_path):
    text = '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"d":"9999-12-31"},"geometry":null}]}'
    (tmp_path / "a.geojson").write_text(text, encoding="utf-8")
    assert read(tmp_path / "a.geojson")["d"].tolist() == ["9999-12-31"]


@pytest.mark.parametrize(
    ("encoding", "told"), [("utf-16", "encoding_by_utf16"), ("gbk", "encoding_by_gb18030")]
)
def test_a_geojson_that_is_not_utf8_is_read_and_told(tmp_path, encoding, told):
    text = '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"名称":"水乡社区"},"geometry":null}]}'
    (tmp_path / "a.geojson").write_bytes(text.encode(encoding))
    assert read(tmp_path / "a.geojson")["名称"].tolist() == ["水乡社区"]
    assert codes(tmp_path / "a.geojson") == [told]


def test_a_table_of_a_geopackage_is_read_without_its_shapes(tmp_path):
    pyogrio.write_dataframe(four_places(), tmp_path / "t.gpkg", layer="a")
    assert rows(tmp_path / "t.gpkg").columns.tolist() == ["名称", "层数"]


def test_of_several_tables_one_must_be_named(tmp_path):
    pyogrio.write_dataframe(four_places(), tmp_path / "t.gpkg", layer="a")
    pyogrio.write_dataframe(four_places(), tmp_path / "t.gpkg", layer="b")
    assert table_fault(tmp_path / "t.gpkg")["code"] == "table_unnamed"
    assert table_fault(tmp_path / "t.gpkg", table="c")["code"] == "table_missing"
