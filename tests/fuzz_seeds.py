"""Whole files of every format that is read, tiny, for the fuzz to spoil."""

from __future__ import annotations

import warnings
import zipfile
from importlib.util import find_spec
from typing import TYPE_CHECKING, NamedTuple

import ezdxf
import geopandas as gpd
import pandas as pd
import pyogrio
import shapely
from vector_files import old_workbook

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ["联通巷", "水乡社区", "镕基里", "河埠头", "{{x}} <b>", "北街12号"]

OSM = """<?xml version="1.0" encoding="UTF-8"?>
<osm version="0.6">
{nodes}
<way id="1"><nd ref="1"/><nd ref="2"/><nd ref="3"/><tag k="highway" v="residential"/></way>
<way id="2"><nd ref="1"/><nd ref="2"/><nd ref="3"/><nd ref="4"/><nd ref="1"/><tag k="building" v="yes"/></way>
<way id="3"><nd ref="5"/><nd ref="6"/><nd ref="7"/><nd ref="8"/><nd ref="5"/>
<tag k="landuse" v="residential"/></way>
<relation id="1"><member type="way" ref="3" role="outer"/><member type="way" ref="2" role="inner"/>
<tag k="type" v="multipolygon"/><tag k="natural" v="water"/></relation>
</osm>
"""


class Seed(NamedTuple):
    """A whole file: its format, its parts by name, which of them is read, as which layer, and how."""

    form: str
    parts: dict[str, bytes]
    main: str
    layer: str
    options: dict[str, object]


def _points():
    return _frame([shapely.Point(572_000.5 + i, 3_403_000.25) for i in range(6)])


def _squares():
    return _frame([shapely.box(572_000 + 10 * i, 3_403_000, 572_008 + 10 * i, 3_403_008) for i in range(6)])


def _frame(geometry):
    columns = {
        "id": [f"a{i}" for i in range(6)],
        "名称": NAMES,
        "地类编码": ["0701", "0702", "0101", "1001", "0303", "0601"],
        "层数": [1, 2, 3, 4, 5, 6],
        "人口": [10.5, 0.0, None, 4e3, 1.0, 2.0],
    }
    return gpd.GeoDataFrame(columns, geometry=geometry, crs=4549)


def _taken(folder: Path) -> dict[str, bytes]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def _packed(path: Path, parts: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def _drawing(path: Path) -> None:
    document = ezdxf.new("R2000")
    document.encoding = "gbk"
    model = document.modelspace()
    for i in range(6):
        x, y = 572_000 + 10 * i, 3_403_000
        ring = [(x, y), (x + 8, y), (x + 8, y + 8), (x, y + 8)]
        model.add_lwpolyline(ring, close=True, dxfattribs={"layer": "住宅"})
        model.add_text(NAMES[i], dxfattribs={"layer": "住宅", "insert": (x + 4, y + 4)})
    model.add_circle((572_000, 3_403_100), 5, dxfattribs={"layer": "住宅"})
    hatch = model.add_hatch(dxfattribs={"layer": "住宅"})
    hatch.paths.add_polyline_path([(572_050, 3_403_050), (572_060, 3_403_050), (572_055, 3_403_060)])
    block = document.blocks.new("房")
    block.add_lwpolyline([(0, 0), (3, 0), (3, 3)], close=True)
    model.add_blockref("房", (572_090, 3_403_000), dxfattribs={"layer": "住宅"})
    document.saveas(path)
    # What ezdxf writes of styles and defaults is left: it is what drawings hold.
    path.write_bytes(path.read_bytes().replace(b"ANSI_1252", b"ANSI_936"))


def seeds(folder: Path) -> list[Seed]:
    """Write a file of each format below a folder and give them all as bytes."""
    made: list[Seed] = []

    def add(form, name, write, *, layer="parcels", **options):
        home = folder / f"{form}-{name}"
        home.mkdir()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            write(home / name)
        made.append(Seed(form, _taken(home), name, layer, options))

    def by(driver, frame, **options):
        return lambda path: pyogrio.write_dataframe(frame, path, driver=driver, **options)

    latin = _squares().rename(
        columns={"名称": "name", "地类编码": "DLBM", "层数": "floors", "人口": "people"}
    )
    add("gpkg", "a.gpkg", by("GPKG", _squares()))
    add("shp", "a.shp", by("ESRI Shapefile", _squares(), encoding="GBK"))
    add("shp", "点.shp", by("ESRI Shapefile", _points(), encoding="GBK"), layer="gates")
    add("gdb", "a.gdb", by("OpenFileGDB", _squares()))
    add("fgb", "a.fgb", by("FlatGeobuf", _squares()))
    add("geojson", "a.geojson", by("GeoJSON", _squares().to_crs(4326)))
    add("kml", "a.kml", by("LIBKML", _points().to_crs(4326)), layer="gates")
    add("mif", "a.mif", by("MapInfo File", latin, encoding="gbk"))
    add("tab", "a.tab", by("MapInfo File", latin, encoding="gbk"))
    add("dxf", "a.dxf", _drawing, cad_layers=["住宅"])
    add(
        "csv",
        "a.csv",
        lambda path: _table().to_csv(path, index=False, encoding="gb18030"),
        layer="gates",
        x="x",
        y="y",
    )
    add("csv", "b.csv", lambda path: path.write_text(_squares().to_wkt().to_csv(index=False), "utf-8"))
    add("xlsx", "a.xlsx", lambda path: _table().to_excel(path, index=False), layer="gates", x="x", y="y")
    lines = [["x", "y", "名称"], *([572_000.0 + i, 3_403_000.0, NAMES[i]] for i in range(6))]
    add("xls", "a.xls", lambda path: old_workbook(path, lines), layer="gates", x="x", y="y")
    add("parquet", "a.parquet", lambda path: _squares().to_parquet(path))
    shapefile = made[1].parts
    add(
        "zip", "a.zip", lambda path: _packed(path, {f"数据/{name}": part for name, part in shapefile.items()})
    )
    add("kmz", "a.kmz", lambda path: _packed(path, {"doc.kml": made[6].parts["a.kml"]}), layer="gates")
    made.append(Seed("dbf", {"a.dbf": shapefile["a.dbf"]}, "a.dbf", "table", {}))
    if find_spec("fengmao_geo.town.osm"):
        add("osm", "a.osm", _osm, layer="osm")
        add("pbf", "a.osm.pbf", _osm, layer="osm")
    return made


def _table() -> pd.DataFrame:
    points = _points()
    return pd.DataFrame(points.drop(columns="geometry")).assign(x=points.geometry.x, y=points.geometry.y)


def _osm(path: Path) -> None:
    import osmium  # noqa: PLC0415  only where it is read

    places = [(0, 0), (1, 0), (1, 1), (0, 1), (-5, -5), (5, -5), (5, 5), (-5, 5)]
    nodes = "\n".join(
        f'<node id="{at}" lon="{120.75 + x / 1000:.5f}" lat="{30.74 + y / 1000:.5f}" version="1"/>'
        for at, (x, y) in enumerate(places, 1)
    )
    plain = path.with_name("plain.osm")
    plain.write_text(OSM.format(nodes=nodes), encoding="utf-8")
    if path.suffix == ".osm":
        plain.rename(path)
        return
    with osmium.SimpleWriter(str(path)) as writer:
        for thing in osmium.FileProcessor(str(plain)):
            writer.add(thing)
    plain.unlink()
