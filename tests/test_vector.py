"""One file to a layer: what is read exactly, and what is refused with its remedy."""

from __future__ import annotations

import json
import struct

import geopandas as gpd
import pyogrio
import pytest
import shapely

from fengmao_geo.errors import TownError
from fengmao_geo.findings import translate_findings
from fengmao_geo.town.town_file import LayerPart
from fengmao_geo.town.vector import read_vector

NAMES = ["联通巷", "水乡社区", "镕基里", "{{x}} <b>"]


@pytest.fixture
def places():
    points = [shapely.Point(572_000 + i, 3_403_000) for i in range(4)]
    return gpd.GeoDataFrame({"名称": NAMES, "层数": [1, 2, 3, 4]}, geometry=points, crs=4549)


def read(path, **options):
    return read_vector(path, layer="gates", part=LayerPart(path=path.name, **options))[0]


def codes(path, **options):
    return [
        finding.code
        for finding in read_vector(path, layer="gates", part=LayerPart(path=path.name, **options))[1]
    ]


def fault(path, **options):
    """Read what must be refused and give the one finding, in English."""
    with pytest.raises(TownError) as caught:
        read_vector(path, layer="gates", part=LayerPart(path=path.name, **options))
    assert len(caught.value.findings) == 1
    return translate_findings(caught.value.findings, lang="en").iloc[0]


def shapefile(places, folder, encoding, *, cpg=False):
    path = folder / "门.shp"
    places.to_file(path, encoding=encoding)
    if not cpg:
        path.with_suffix(".cpg").unlink()
    return path


def csv(folder, text, encoding="utf-8"):
    path = folder / "poi.csv"
    path.write_bytes(text.encode(encoding))
    return path


def test_a_geopackage_layer_is_read_by_name(places, tmp_path):
    places.to_file(tmp_path / "t.gpkg", layer="门")
    places.iloc[:1].to_file(tmp_path / "t.gpkg", layer="other")
    read_back = read(tmp_path / "t.gpkg", layer="门")
    assert read_back["名称"].tolist() == NAMES
    assert read_back.crs == places.crs


def test_the_only_layer_of_a_geopackage_needs_no_name(places, tmp_path):
    places.to_file(tmp_path / "t.gpkg", layer="门")
    assert len(read(tmp_path / "t.gpkg")) == 4


def test_of_several_layers_one_must_be_named(places, tmp_path):
    places.to_file(tmp_path / "t.gpkg", layer="a")
    places.to_file(tmp_path / "t.gpkg", layer="b")
    assert "a, b" in fault(tmp_path / "t.gpkg")["found"]


def test_a_layer_that_is_not_there_is_told_with_those_that_are(places, tmp_path):
    places.to_file(tmp_path / "t.gpkg", layer="a")
    finding = fault(tmp_path / "t.gpkg", layer="b")
    assert finding["code"] == "table_missing"
    assert "there are: a" in finding["found"]


def test_geoparquet_is_read(places, tmp_path):
    places.to_parquet(tmp_path / "t.parquet")
    assert read(tmp_path / "t.parquet")["名称"].tolist() == NAMES


def test_parquet_without_geometry_is_refused(places, tmp_path):
    places.drop(columns="geometry").to_parquet(tmp_path / "t.parquet")
    assert fault(tmp_path / "t.parquet")["code"] == "table_no_geometry"


def test_geojson_is_read_with_its_text_as_it_stands(places, tmp_path):
    places.assign(day="2024/12/31").to_file(tmp_path / "t.geojson")
    back = read(tmp_path / "t.geojson")
    assert back["名称"].tolist() == NAMES
    assert back["day"].tolist() == ["2024/12/31"] * 4


@pytest.mark.parametrize("encoding", ["GBK", "GB18030", "UTF-8", "gb2312"])
def test_a_shapefile_is_read_in_the_encoding_stated(places, tmp_path, encoding):
    path = shapefile(places, tmp_path, "GB18030" if encoding.lower().startswith("gb") else encoding)
    back = read(path, encoding=encoding)
    assert back["名称"].tolist() == NAMES
    assert list(back.columns) == ["名称", "层数", "geometry"]


def test_a_shapefile_is_read_in_the_encoding_of_its_cpg(places, tmp_path):
    assert read(shapefile(places, tmp_path, "GBK", cpg=True))["名称"].tolist() == NAMES


def test_a_shapefile_is_read_in_the_code_page_of_its_dbf(places, tmp_path):
    path = shapefile(places, tmp_path, "GBK")
    table = bytearray(path.with_suffix(".dbf").read_bytes())
    table[29] = 0x4D
    path.with_suffix(".dbf").write_bytes(table)
    assert read(path)["名称"].tolist() == NAMES


def test_a_rare_character_survives_gb18030(places, tmp_path):
    path = shapefile(places.assign(名称="㐀𠮷"), tmp_path, "GB18030")
    assert read(path, encoding="GBK")["名称"].tolist() == ["㐀𠮷"] * 4


def test_half_a_character_at_the_end_of_a_field_is_let_go(places, tmp_path):
    path = shapefile(places.assign(名称="水" * 40), tmp_path, "GBK")
    table = path.with_suffix(".dbf").read_bytes()
    path.with_suffix(".dbf").write_bytes(
        table.replace("水".encode("gbk") * 40, "水".encode("gbk") * 39 + b"\xcb ")
    )
    assert read(path, encoding="GBK")["名称"].tolist() == ["水" * 39] * 4


def test_plain_letters_need_no_encoding(places, tmp_path):
    plain = places.rename(columns={"名称": "name", "层数": "floors"}).assign(name="a")
    assert read(shapefile(plain, tmp_path, "UTF-8"))["name"].tolist() == ["a"] * 4


@pytest.mark.parametrize(("written", "code"), [("GBK", "gb18030"), ("UTF-8", "utf8")])
def test_an_encoding_that_is_not_stated_is_told_from_the_bytes(places, tmp_path, written, code):
    path = shapefile(places, tmp_path, written)
    assert read(path)["名称"].tolist() == NAMES
    assert codes(path) == [f"encoding_by_{code}"]


def test_an_encoding_that_the_bytes_do_not_tell_is_asked_for(places, tmp_path):
    rare = places.assign(名称=["㐀𠮷", "溇", "垟", "a"]).rename(columns={"名称": "n", "层数": "m"})
    finding = fault(shapefile(rare, tmp_path, "GB18030"))
    assert finding["code"] == "encoding_missing"
    assert 'encoding = "GB18030"' in finding["remedy"]


@pytest.mark.parametrize(
    ("written", "stated", "looks"), [("GBK", "UTF-8", "GB18030"), ("UTF-8", "GBK", "UTF-8")]
)
def test_a_wrong_encoding_is_an_error_that_names_the_right_one(places, tmp_path, written, stated, looks):
    finding = fault(shapefile(places, tmp_path, written), encoding=stated)
    assert finding["code"] == "encoding_wrong"
    assert f'encoding = "{looks}"' in finding["remedy"]


def test_an_encoding_nobody_knows_is_an_error(places, tmp_path):
    assert fault(shapefile(places, tmp_path, "GBK"), encoding="GBX")["code"] == "encoding_unknown"


@pytest.mark.parametrize("suffix", [".shx", ".dbf"])
def test_a_shapefile_without_its_parts_is_refused(places, tmp_path, suffix):
    path = shapefile(places, tmp_path, "GBK")
    path.with_suffix(suffix).unlink()
    assert suffix in fault(path, encoding="GBK")["found"]


def test_a_cut_shapefile_is_refused(places, tmp_path):
    path = shapefile(places, tmp_path, "GBK")
    path.write_bytes(path.read_bytes()[:-28])
    assert fault(path, encoding="GBK")["code"] == "file_cut"


def test_a_shapefile_with_fewer_rows_than_shapes_is_refused(places, tmp_path):
    path = shapefile(places, tmp_path, "GBK")
    table = bytearray(path.with_suffix(".dbf").read_bytes())
    table[4:8] = struct.pack("<I", 3)
    path.with_suffix(".dbf").write_bytes(table)
    assert fault(path, encoding="GBK")["code"] == "file_cut"


def test_csv_is_points_with_text_as_it_stands(tmp_path):
    path = csv(tmp_path, "编号,名称,经度,纬度\n007,NA,120.5,30.5\n008,,120.6,30.6\n")
    back = read(path, x="经度", y="纬度")
    assert back["编号"].tolist() == ["007", "008"]
    assert back["名称"].tolist()[0] == "NA"
    assert back["名称"].isna().tolist() == [False, True]
    assert [back.geometry.x.tolist(), back.geometry.y.tolist()] == [[120.5, 120.6], [30.5, 30.6]]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
def test_csv_is_read_in_the_encoding_stated(tmp_path, encoding):
    stated = {"utf-8-sig": "UTF-8", "gb18030": "GBK"}.get(encoding, "UTF-16")
    path = csv(tmp_path, "经度,纬度,名称\n120.5,30.5,水乡\n", encoding)
    assert read(path, x="经度", y="纬度", encoding=stated)["名称"].tolist() == ["水乡"]


@pytest.mark.parametrize(
    ("encoding", "told"),
    [
        ("gbk", ["encoding_by_gb18030"]),
        ("utf-16", ["encoding_by_utf16"]),
        ("utf-8", ["encoding_by_utf8"]),
        ("utf-8-sig", []),
    ],
)
def test_csv_is_read_in_the_encoding_that_its_bytes_tell(tmp_path, encoding, told):
    path = csv(tmp_path, "经度,纬度,名称\n1,2,水乡社区\n", encoding)
    assert read(path, x="经度", y="纬度")["名称"].tolist() == ["水乡社区"]
    assert codes(path, x="经度", y="纬度") == told


def test_csv_stated_as_gbk_that_is_utf8_is_an_error(tmp_path):
    path = csv(tmp_path, "经度,纬度,名称\n1,2,水乡社区\n")
    assert fault(path, x="经度", y="纬度", encoding="GBK")["code"] == "encoding_wrong"


def test_csv_without_named_coordinates_is_told_its_columns(tmp_path):
    finding = fault(csv(tmp_path, "lon,lat\n1,2\n"))
    assert finding["code"] == "xy_unnamed"
    assert "lon, lat" in finding["found"]


def test_csv_with_a_misspelt_coordinate_is_told_its_columns(tmp_path):
    finding = fault(csv(tmp_path, "lon,lat\n1,2\n"), x="lng", y="lat")
    assert finding["found"] == "poi.csv has no column lng; there are: lon, lat"


def test_a_row_whose_coordinates_are_no_numbers_has_no_geometry(tmp_path):
    back = read(csv(tmp_path, "lon,lat\n1,2\n?,2\n,\n"), x="lon", y="lat")
    assert back.geometry.isna().tolist() == [False, True, True]


def test_a_row_with_too_many_cells_is_refused(tmp_path):
    assert fault(csv(tmp_path, "lon,lat\n1,2,3\n"), x="lon", y="lat")["code"] == "file_broken"


def test_a_virtual_file_named_geojson_is_refused(places, tmp_path):
    places.to_file(tmp_path / "secret.gpkg", layer="a")
    text = f"<OGRVRTDataSource><OGRVRTLayer name='a'><SrcDataSource>{tmp_path / 'secret.gpkg'}</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>"
    (tmp_path / "parcels.geojson").write_text(text, encoding="utf-8")
    assert fault(tmp_path / "parcels.geojson")["code"] == "file_first_bytes"


@pytest.mark.parametrize("suffix", [".gpkg", ".shp", ".parquet", ".geojson", ".csv"])
@pytest.mark.parametrize("content", [b"<OGRVRTDataSource/>", b"  <xml/>"])
def test_markup_under_any_suffix_is_refused(tmp_path, suffix, content):
    path = tmp_path / f"a{suffix}"
    path.write_bytes(content)
    assert fault(path, x="a", y="b")["code"] == "file_first_bytes"


def test_a_geopackage_named_csv_is_refused(places, tmp_path):
    places.to_file(tmp_path / "t.gpkg")
    (tmp_path / "t.gpkg").rename(tmp_path / "t.csv")
    assert fault(tmp_path / "t.csv", x="a", y="b")["code"] == "file_first_bytes"


@pytest.mark.parametrize(
    "content",
    [
        {
            "type": "gdal_streamed_alg",
            "command_line": "gdal vector read x",
            "a": {"type": "FeatureCollection"},
        },
        {"type": "Topology", "objects": {}},
        {"type": "Topology", "objects": {"a": {"type": "GeometryCollection", "geometries": []}}, "arcs": []}
        | {"x": {"type": "Feature"}},
        {"a": 1},
    ],
)
def test_json_that_is_not_features_is_refused(tmp_path, content):
    path = tmp_path / "a.geojson"
    path.write_text(json.dumps(content), encoding="utf-8")
    assert fault(path)["code"] == "file_not_features"


def test_geojson_in_gbk_is_read_and_told(places, tmp_path):
    places.to_file(tmp_path / "t.geojson")
    text = (tmp_path / "t.geojson").read_text(encoding="utf-8")
    (tmp_path / "t.geojson").write_bytes(text.encode("gbk"))
    assert read(tmp_path / "t.geojson")["名称"].tolist() == NAMES
    assert codes(tmp_path / "t.geojson") == ["encoding_by_gb18030"]


@pytest.mark.parametrize(
    "name", ["GPKG:t.gpkg:a", "/vsizip/t.zip/t.shp", "/vsicurl/http://x/t.gpkg", "none.gpkg"]
)
def test_only_files_are_read_never_connection_strings(places, tmp_path, name):
    places.to_file(tmp_path / "t.gpkg", layer="a")
    assert fault(tmp_path / name)["code"] == "file_missing"


def test_a_format_that_is_not_read_is_told_those_that_are(tmp_path):
    (tmp_path / "a.xyz").write_text("1 2 3", encoding="utf-8")
    assert ".gpkg" in fault(tmp_path / "a.xyz")["remedy"]


@pytest.mark.parametrize(
    ("suffix", "content"),
    [
        (".gpkg", b"SQLite format 3\0 broken"),
        (".parquet", b"PAR1 broken"),
        (".geojson", b'{"type":"FeatureCollection",'),
    ],
)
def test_a_broken_file_is_refused(tmp_path, suffix, content):
    path = tmp_path / f"a{suffix}"
    path.write_bytes(content)
    assert fault(path)["code"] in ("file_broken", "file_short", "file_not_features")


def test_geojson_of_nothing_but_null_geometry_has_none(tmp_path):
    whole = {
        "type": "FeatureCollection",
        "features": [{"type": "Feature", "properties": {"a": 1}, "geometry": None}],
    }
    (tmp_path / "a.geojson").write_text(json.dumps(whole), encoding="utf-8")
    assert read(tmp_path / "a.geojson").geometry.isna().tolist() == [True]


def test_a_table_without_geometry_is_refused(places, tmp_path):
    pyogrio.write_dataframe(places.drop(columns="geometry"), tmp_path / "t.gpkg", layer="a")
    assert fault(tmp_path / "t.gpkg", layer="a")["code"] == "table_no_geometry"


def test_what_gdal_warns_of_is_a_finding(tmp_path):
    ring = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 1]]]}
    whole = {
        "type": "FeatureCollection",
        "features": [{"type": "Feature", "properties": {}, "geometry": ring}],
    }
    (tmp_path / "a.geojson").write_text(json.dumps(whole), encoding="utf-8")
    frame, found = read_vector(tmp_path / "a.geojson", layer="water", part=LayerPart(path="a.geojson"))
    assert shapely.area(frame.geometry.to_numpy()).tolist() == [1.0]
    assert [finding.code for finding in found] == ["file_warning"]
