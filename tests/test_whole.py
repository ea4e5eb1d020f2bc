"""Files that state their own length: Parquet, and what readers raise on what is broken inside."""

from __future__ import annotations

import pandas as pd
import pytest
from vector_files import cut, fault, four_places, rows, table_fault


@pytest.fixture
def parquet(tmp_path):
    four_places().to_parquet(tmp_path / "t.parquet")
    return tmp_path / "t.parquet"


@pytest.mark.parametrize("share", [0.002, 0.3, 0.99])
def test_a_cut_parquet_is_refused(parquet, share):
    assert fault(cut(parquet, share))["code"] == "file_short"


def test_a_parquet_with_another_end_is_refused(parquet):
    parquet.write_bytes(parquet.read_bytes()[:-4] + b"PAR2")
    assert fault(parquet)["code"] == "file_short"


def test_a_parquet_that_is_broken_inside_is_refused(parquet):
    whole = bytearray(parquet.read_bytes())
    whole[4:400] = b"\xff" * 396
    parquet.write_bytes(whole)
    assert fault(parquet)["code"] == "file_broken"


def test_a_geoparquet_is_a_table_without_its_shapes(parquet):
    assert rows(parquet).columns.tolist() == ["名称", "层数"]


def test_a_parquet_without_shapes_is_a_table_and_no_layer(tmp_path):
    pd.DataFrame({"a": ["x"]}).to_parquet(tmp_path / "t.parquet")
    assert rows(tmp_path / "t.parquet")["a"].tolist() == ["x"]
    assert fault(tmp_path / "t.parquet")["code"] == "table_no_geometry"


@pytest.mark.parametrize(("start", "length"), [(100, 400), (4096, 4096), (8192, 20_000)])
def test_a_geopackage_that_is_broken_inside_is_refused(tmp_path, start, length):
    four_places().to_file(tmp_path / "t.gpkg", layer="a")
    whole = bytearray((tmp_path / "t.gpkg").read_bytes())
    whole[start : start + length] = b"\xff" * length
    (tmp_path / "t.gpkg").write_bytes(whole)
    assert fault(tmp_path / "t.gpkg")["code"] == "file_broken"


def test_a_table_that_is_not_there_is_told(tmp_path):
    assert table_fault(tmp_path / "none.csv")["code"] == "file_missing"
