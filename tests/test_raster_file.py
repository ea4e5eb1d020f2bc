"""The projections that other programs left in the environment do not reach rasters."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys

import numpy as np
import pytest
import rasterio
from affine import Affine

# Rasterio's way of opening warns of its own use of affine in some versions.
pytestmark = pytest.mark.filterwarnings("ignore:Use `@` matmul:PendingDeprecationWarning")

READ = (
    "import sys; from pathlib import Path; from fengmao_geo.geo.raster_check import read_head;"
    "print(read_head(Path(sys.argv[1]), layer='elevation')[0].crs.to_epsg())"
)


@pytest.fixture
def foreign(tmp_path):
    """Give the folder of a database that is of another version, as QGIS and PostGIS leave it in PROJ_LIB."""
    base = sqlite3.connect(tmp_path / "proj.db")
    base.execute("CREATE TABLE metadata (key TEXT, value TEXT)")
    for part, number in (("MAJOR", "1"), ("MINOR", "0")):
        base.execute("INSERT INTO metadata VALUES (?, ?)", (f"DATABASE.LAYOUT.VERSION.{part}", number))
    base.commit()
    base.close()
    return tmp_path


def run(code, path, foreign):
    env = os.environ | {"PROJ_LIB": str(foreign), "PROJ_DATA": str(foreign)}
    command = [sys.executable, "-c", code, str(path)]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)  # noqa: S603  our own words
    return done.stdout.strip() or done.stderr.strip()


@pytest.fixture
def raster(tmp_path):
    size = {"width": 2, "height": 2, "count": 1, "dtype": "uint8"}
    place = Affine(1, 0, 572_000, 0, -1, 3_403_000)
    with rasterio.open(tmp_path / "a.tif", "w", "GTiff", crs="EPSG:4549", transform=place, **size) as file:
        file.write(np.ones((1, 2, 2), dtype="uint8"))
    return tmp_path / "a.tif"


def test_without_us_rasterio_cannot_look_a_code_up(raster, foreign):
    code = "import sys, rasterio; print(rasterio.crs.CRS.from_epsg(4549).to_epsg())"
    assert "CRSError" in run(code, raster, foreign)


@pytest.mark.parametrize("before", ["", "import rasterio;"])
def test_a_raster_is_read_whatever_the_environment_says_even_if_rasterio_was_there_first(
    raster, foreign, before
):
    assert run(before + READ, raster, foreign) == "4549"
