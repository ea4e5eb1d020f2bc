"""Text in an encoding that nobody states, or that is stated wrongly: formats by encodings by .cpg by language byte."""

from __future__ import annotations

import struct
import zipfile

import ezdxf
import pyogrio
from faulty import NAMES, Faults, places, table, vector

FAULTS = Faults()
of = FAULTS.of

GBK, UTF8 = "GB18030", "UTF-8"
#: Bytes of a .dbf that name its code page: none, that of Chinese, that of the West.
NONE, CHINESE, WESTERN = 0x00, 0x4D, 0x03

#: How the text is written, what the .cpg says, what the language byte says, and what is told of it, if anything.
#: The .cpg wins over the byte, and the bytes of the text win over both where they decide clearly.
SHAPEFILES = [
    ("GBK", None, NONE, "encoding_by_gb18030"),
    ("GBK", None, CHINESE, None),
    ("GBK", None, WESTERN, "encoding_of_bytes"),
    ("GBK", "GBK", NONE, None),
    ("GBK", "GBK", CHINESE, None),
    ("GBK", "936", WESTERN, None),
    ("GBK", "UTF-8", NONE, "encoding_of_bytes"),
    ("GBK", "UTF-8", CHINESE, "encoding_of_bytes"),
    ("GBK", "ISO-8859-1", WESTERN, "encoding_of_bytes"),
    ("UTF-8", None, NONE, "encoding_by_utf8"),
    ("UTF-8", None, CHINESE, "encoding_of_bytes"),
    ("UTF-8", None, WESTERN, "encoding_of_bytes"),
    ("UTF-8", "UTF-8", NONE, None),
    ("UTF-8", "65001", CHINESE, None),
    ("UTF-8", "UTF-8", WESTERN, None),
    ("UTF-8", "GBK", NONE, "encoding_of_bytes"),
    ("UTF-8", "GB2312", CHINESE, "encoding_of_bytes"),
    ("UTF-8", "ISO-8859-1", WESTERN, "encoding_of_bytes"),
]


def shapefile(folder, encoding, cpg, page):
    """Write a shapefile in an encoding, and have its .cpg and its language byte say what they may."""
    path = folder / "门.shp"
    places().to_file(path, encoding=encoding)
    path.with_suffix(".cpg").unlink()
    if cpg is not None:
        path.with_suffix(".cpg").write_text(cpg, encoding="ascii")
    whole = bytearray(path.with_suffix(".dbf").read_bytes())
    whole[29] = page
    path.with_suffix(".dbf").write_bytes(whole)
    return path


for encoding, cpg, page, code in SHAPEFILES:
    if code:

        @of(code, "门.shp", severity="warning", case=(encoding, cpg, page))
        def shp(folder, said):
            return vector(shapefile(folder, *said))


def dbf_of(folder, name, encoding, page=NONE):
    return shapefile(folder, encoding, None, page).with_suffix(".dbf").rename(folder / name)


@of("encoding_by_gb18030", "a.dbf", severity="warning", layer="communities")
def dbf_as_a_table_that_states_nothing(folder):
    return table(dbf_of(folder, "a.dbf", "GBK"))


@of("encoding_of_bytes", "a.dbf", severity="warning", layer="communities")
def dbf_as_a_table_with_a_wrong_language_byte(folder):
    return table(dbf_of(folder, "a.dbf", "UTF-8", CHINESE))


@of("encoding_wrong", "门.shp", "UTF-8")
def shp_forced_to_what_it_is_not(folder):
    return vector(shapefile(folder, "UTF-8", None, NONE), encoding="GBK")


@of("encoding_unknown", "华文", "门.shp")
def shp_forced_to_an_encoding_that_nobody_knows(folder):
    return vector(shapefile(folder, "GBK", None, NONE), encoding="华文")


@of("encoding_missing", "a.csv")
def csv_of_two_letters_that_decide_nothing(folder):
    return csv(folder, "名,x,y\nÉv,1,2\n".replace("名", "n"), "cp1252")


@of("encoding_unclear", "a.csv")
def csv_of_two_encodings(folder):
    (folder / "a.csv").write_bytes(
        "n,x,y\n水乡,1,2\n".encode("gbk") + "联通巷,1,2\n".encode() + b"\xff\xff,1,2\n"
    )
    return vector(folder / "a.csv", x="x", y="y")


def csv(folder, text, encoding):
    (folder / "a.csv").write_bytes(text.encode(encoding))
    return vector(folder / "a.csv", x="x", y="y")


ROWS = "名称,x,y\n" + "".join(f"{name},{572_000 + i},3403000\n" for i, name in enumerate(NAMES))


@of("encoding_by_gb18030", "a.csv", severity="warning")
def csv_that_excel_saved(folder):
    return csv(folder, ROWS, "gbk")


@of("encoding_by_utf8", "a.csv", severity="warning")
def csv_in_utf8_without_a_mark(folder):
    return csv(folder, ROWS, "utf-8")


@of("encoding_by_utf16", "a.csv", severity="warning")
def csv_that_excel_saved_as_unicode(folder):
    return csv(folder, ROWS.replace(",", "\t"), "utf-16")


@of("encoding_by_gb18030", "a.csv", severity="warning")
def csv_with_a_character_that_gbk_lacks(folder):
    return csv(folder, ROWS.replace("镕", "𠮷"), "gb18030")


@of("encoding_by_gb18030", "门.geojson", severity="warning")
def geojson_in_gbk(folder):
    path = folder / "门.geojson"
    places().to_crs(4326).to_file(path)
    path.write_bytes(path.read_bytes().decode().encode("gbk"))
    return vector(path)


@of("encoding_of_bytes", "门.kml", severity="warning")
def kml_in_gbk_that_says_utf8(folder):
    path = folder / "门.kml"
    places().to_crs(4326).to_file(path, driver="LIBKML")
    path.write_bytes(path.read_bytes().decode().encode("gbk"))
    return vector(path)


def exchange(folder, charset):
    path = folder / "门.mif"
    frame = places().rename(columns={"名称": "name", "层数": "n"})
    pyogrio.write_dataframe(frame, path, driver="MapInfo File", encoding="GBK")
    path.write_bytes(path.read_bytes().replace(b"Neutral", charset))
    return vector(path)


@of("encoding_by_gb18030", "门.mif", severity="warning")
def mif_of_a_neutral_charset(folder):
    return exchange(folder, b"Neutral")


@of("encoding_of_bytes", "门.mif", severity="warning")
def mif_of_a_western_charset(folder):
    return exchange(folder, b"WindowsLatin1")


@of("drawing_encoding", "a.dxf", severity="warning", layer="parcels")
def dxf_of_2000_in_gbk_that_says_western(folder):
    document = ezdxf.new("R2000")
    document.encoding = "gbk"
    for x in (0, 20):
        ring = [(x, 0), (x + 10, 0), (x + 10, 10)]
        document.modelspace().add_lwpolyline(ring, close=True, dxfattribs={"layer": "住宅用地"})
    document.saveas(folder / "a.dxf")
    whole = (folder / "a.dxf").read_bytes()
    (folder / "a.dxf").write_bytes(whole.replace(b"ANSI_936", b"ANSI_1252"))
    return vector(folder / "a.dxf", into="parcels", cad_layers=["住宅用地"])


@of("encoding_by_gb18030", "门.shp", severity="warning")
def shp_in_a_zip_of_windows_with_names_in_gbk(folder):
    path = shapefile(folder, "GBK", None, NONE)
    with zipfile.ZipFile(folder / "a.zip", "w") as archive:
        for part in sorted(folder.glob("门.*")):
            archive.write(part, f"xx{part.suffix}")
    whole = (folder / "a.zip").read_bytes()
    (folder / "a.zip").write_bytes(whole.replace(b"xx.", "门.".encode("gbk")))
    del path
    return vector(folder / "a.zip")


@of("encoding_by_gb18030", "长名.shp", severity="warning")
def shp_whose_column_name_was_cut_amid_a_character(folder):
    # Ten bytes of five characters and a half, as GDAL itself writes them and cannot read them again.
    path = folder / "长名.shp"
    frame = places().rename(columns={"名称": "aa"})
    frame.to_file(path, encoding="GBK")
    path.with_suffix(".cpg").unlink()
    whole = bytearray(path.with_suffix(".dbf").read_bytes())
    whole[29] = NONE
    name = "社区名称".encode("gbk") + "编".encode("gbk")[:1]
    whole[32:43] = name.ljust(11, b"\0")
    path.with_suffix(".dbf").write_bytes(whole)
    return vector(path)


#: Parts of a table of one column, for what no writer writes any more.
def bare_dbf(rows, width=20):
    field = b"name\0\0\0\0\0\0\0C" + bytes(4) + bytes([width, 0]) + bytes(14)
    head = struct.pack("<B3BIHH20x", 3, 124, 1, 1, len(rows), 65, width + 1) + field + b"\r"
    return head + b"".join(b" " + row.ljust(width) for row in rows) + b"\x1a"


@of("encoding_unclear", "a.dbf", layer="communities")
def dbf_with_half_a_character_amid_its_text(folder):
    (folder / "a.dbf").write_bytes(bare_dbf([b"\xcb\xae \xcf", b"\xff\xfe\xfd"]))
    return table(folder / "a.dbf")


@of("file_rows", "a.dbf", layer="communities")
def dbf_that_states_no_rows_and_holds_some(folder):
    whole = bytearray(bare_dbf([b"a", b"b"]))
    whole[4:8] = bytes(4)
    (folder / "a.dbf").write_bytes(whole)
    return table(folder / "a.dbf")


@of("file_broken", "a.parquet")
def parquet_with_text_that_is_none(folder):
    places(["水乡社区" * 9] * 4).to_parquet(folder / "a.parquet", compression=None)
    whole = (folder / "a.parquet").read_bytes()
    at = whole.index("水乡社区水乡社区".encode())
    (folder / "a.parquet").write_bytes(whole[: at + 4] + b"\xff" + whole[at + 5 :])
    return vector(folder / "a.parquet")
