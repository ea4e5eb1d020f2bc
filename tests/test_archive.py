"""Archives and folders: what lies in them is read, and nothing leaves them."""

from __future__ import annotations

import stat
import struct
import tempfile
import warnings
import zipfile
from pathlib import Path

import pytest
from vector_files import NAMES, codes, cut, fault, four_places, read

from fengmao_geo.town import archive as archive_module


@pytest.fixture
def shapefile(tmp_path):
    folder = tmp_path / "made"
    folder.mkdir()
    four_places().to_file(folder / "门.shp", encoding="GBK")
    return folder


def packed(path, files, **options):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, **options) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def parts(folder, prefix=""):
    return {prefix + path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def packed_on_windows(path, files):
    """Pack as Chinese Windows does: names in GBK, and no bit that says so."""
    stand_ins = {f"{'x' * (len(name.encode('gbk')) - 2)}{at:02}": name for at, name in enumerate(files)}
    packed(path, {stand_in: files[name] for stand_in, name in stand_ins.items()})
    whole = path.read_bytes()
    for stand_in, name in stand_ins.items():
        whole = whole.replace(stand_in.encode(), name.encode("gbk"))
    path.write_bytes(whole)
    return path


def test_a_shapefile_is_read_from_a_zip(shapefile, tmp_path):
    path = packed(tmp_path / "a.zip", parts(shapefile))
    assert read(path)["名称"].tolist() == NAMES


def test_a_zip_that_windows_packed_is_read(shapefile, tmp_path):
    path = packed_on_windows(tmp_path / "a.zip", parts(shapefile, "数据/"))
    with zipfile.ZipFile(path) as archive:
        assert not any("门" in name for name in archive.namelist())
    assert read(path)["名称"].tolist() == NAMES
    assert read(path, layer="门")["名称"].tolist() == NAMES


def test_a_folder_with_one_shapefile_is_read(shapefile):
    assert read(shapefile)["名称"].tolist() == NAMES


def test_of_several_files_in_a_zip_one_must_be_named(shapefile, tmp_path):
    other = {name.replace("门", "桥"): content for name, content in parts(shapefile).items()}
    path = packed(tmp_path / "a.zip", parts(shapefile) | other)
    finding = fault(path)
    assert finding["code"] == "table_unnamed"
    assert "桥.shp, 门.shp" in finding["found"]
    assert read(path, layer="桥")["名称"].tolist() == NAMES
    assert fault(path, layer="路")["code"] == "table_missing"


def test_a_table_beside_the_layer_in_a_zip_is_left_aside(shapefile, tmp_path):
    path = packed(tmp_path / "a.zip", parts(shapefile) | {"说明.txt": "a", "b.xlsx": b"PK"})
    assert read(path)["名称"].tolist() == NAMES


def test_the_table_of_a_geopackage_in_a_zip_is_named(tmp_path):
    four_places().to_file(tmp_path / "t.gpkg", layer="a")
    four_places().iloc[:2].to_file(tmp_path / "t.gpkg", layer="b")
    path = packed(tmp_path / "a.zip", {"t.gpkg": (tmp_path / "t.gpkg").read_bytes()})
    assert len(read(path, layer="b")) == 2


def test_what_macs_put_beside_is_passed_over(shapefile, tmp_path):
    litter = {f"__MACOSX/._{name}": b"x" for name in parts(shapefile)}
    path = packed(tmp_path / "a.zip", parts(shapefile) | litter)
    assert read(path)["名称"].tolist() == NAMES


@pytest.mark.parametrize("name", ["../门.shp", "/etc/门.shp", "a/../../门.shp", "..\\门.shp", "C:\\门.shp"])
def test_a_member_that_would_leave_the_folder_is_refused(tmp_path, name):
    assert fault(packed(tmp_path / "a.zip", {name: b"x"}))["code"] == "archive_member"


def test_a_member_that_is_a_link_is_refused(tmp_path):
    link = zipfile.ZipInfo("a.gpkg")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    assert fault(tmp_path / "a.zip")["code"] == "archive_member"


def test_two_members_of_one_name_are_refused(tmp_path):
    with warnings.catch_warnings(), zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        warnings.simplefilter("ignore")
        archive.writestr("a.gpkg", "1")
        archive.writestr("A.gpkg", "2")
    assert fault(tmp_path / "a.zip")["code"] == "archive_member"


def test_a_locked_archive_is_refused(tmp_path):
    path = packed(tmp_path / "a.zip", {"a.gpkg": b"x"})
    whole = bytearray(path.read_bytes())
    whole[whole.index(b"PK\x01\x02") + 8] |= 1
    whole[6] |= 1
    path.write_bytes(whole)
    assert fault(path)["code"] == "file_locked"


def test_a_member_that_shrinks_beyond_reason_is_refused(tmp_path):
    path = packed(tmp_path / "a.zip", {"a.csv": b"0" * (archive_module._SMALL + 1)})
    assert fault(path)["code"] == "archive_large"


def test_a_member_that_grows_beyond_what_it_announced_is_refused(tmp_path):
    path = packed(tmp_path / "a.zip", {"a.csv": b"0" * (archive_module._SMALL + 1)})
    whole = path.read_bytes()
    announced = struct.pack("<I", archive_module._SMALL + 1)
    path.write_bytes(whole.replace(announced, struct.pack("<I", 10)))
    assert fault(path)["code"] in ("archive_large", "file_broken")


def test_an_archive_of_too_many_members_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(archive_module, "_MEMBERS", 2)
    path = packed(tmp_path / "a.zip", dict.fromkeys("abc", b"x"))
    assert fault(path)["code"] == "archive_large"


def test_an_archive_that_is_too_large_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(archive_module, "_BYTES", 9)
    path = packed(tmp_path / "a.zip", {"a.csv": b"x" * 5, "b.csv": b"x" * 5})
    assert fault(path)["code"] == "archive_large"


@pytest.mark.parametrize("share", [0.1, 0.5, 0.95])
def test_a_cut_archive_is_refused(shapefile, tmp_path, share):
    assert fault(cut(packed(tmp_path / "a.zip", parts(shapefile)), share))["code"] == "file_broken"


def test_a_member_whose_bytes_changed_is_refused(shapefile, tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name, content in parts(shapefile).items():
            archive.writestr(name, content)
    whole = (tmp_path / "a.zip").read_bytes()
    (tmp_path / "a.zip").write_bytes(whole.replace("水乡".encode("gbk"), b"abcd", 1))
    assert fault(tmp_path / "a.zip")["code"] == "file_broken"


def test_an_archive_without_a_layer_is_told_what_its_content_is(tmp_path):
    assert fault(packed(tmp_path / "a.zip", {"plan.dwg": b"AC1027"}))["code"] == "format_dwg"
    assert fault(packed(tmp_path / "b.zip", {}))["code"] in ("archive_nothing", "file_first_bytes")


def test_an_archive_in_an_archive_is_not_opened(tmp_path):
    inner = packed(tmp_path / "b.zip", {"a.csv": b"x,y\n1,2\n"}).read_bytes()
    assert fault(packed(tmp_path / "a.zip", {"b.zip": inner}))["code"] == "file_format"


def test_nothing_is_left_of_an_archive(shapefile, tmp_path, monkeypatch):
    home = tmp_path / "temporary"
    home.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(home))
    read(packed(tmp_path / "a.zip", parts(shapefile)))
    fault(packed(tmp_path / "b.zip", {"a.gpkg": b"SQLite format 3\0"}))
    assert list(home.iterdir()) == []


def test_what_an_archive_holds_is_checked_as_any_file(tmp_path):
    path = packed(tmp_path / "a.zip", {"a.gpkg": b"<OGRVRTDataSource/>"})
    assert fault(path)["code"] == "file_first_bytes"


def test_findings_of_a_file_in_an_archive_are_kept(shapefile, tmp_path):
    (shapefile / "门.cpg").unlink()
    # GDAL states no code page in the .dbf for an encoding without a .cpg.
    table = bytearray((shapefile / "门.dbf").read_bytes())
    table[29] = 0
    (shapefile / "门.dbf").write_bytes(table)
    assert codes(packed(tmp_path / "a.zip", parts(shapefile))) == ["encoding_by_gb18030"]


def test_a_folder_that_is_empty_is_refused(tmp_path):
    assert fault(Path(tmp_path))["code"] == "archive_nothing"
