"""What the tests of files share: four places with awkward names, and reading as a town does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import pytest
import shapely

from fengmao_geo.errors import TownError
from fengmao_geo.findings import translate_findings
from fengmao_geo.town.town_file import LayerPart
from fengmao_geo.town.vector import read_table, read_vector

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ["联通巷", "水乡社区", "镕基里", "{{x}} <b>"]


def four_places(geometry=None, crs=4549):
    points = geometry or [shapely.Point(572_000 + i, 3_403_000) for i in range(4)]
    return gpd.GeoDataFrame({"名称": NAMES, "层数": [1, 2, 3, 4]}, geometry=points, crs=crs)


def four_squares():
    return four_places(
        [shapely.box(572_000 + 10 * i, 3_403_000, 572_008 + 10 * i, 3_403_008) for i in range(4)]
    )


def read(path: Path, **options):
    return read_vector(path, layer="gates", part=LayerPart(path=path.name, **options))[0]


def codes(path: Path, **options):
    found = read_vector(path, layer="gates", part=LayerPart(path=path.name, **options))[1]
    return [finding.code for finding in found]


def rows(path: Path, **options):
    return read_table(path, layer="communities", **options)[0]


def _only(error):
    assert len(error.findings) == 1
    return translate_findings(error.findings, lang="en").iloc[0]


def fault(path: Path, **options):
    """Read what must be refused and give the one finding, in English."""
    with pytest.raises(TownError) as caught:
        read_vector(path, layer="gates", part=LayerPart(path=path.name, **options))
    return _only(caught.value)


def table_fault(path: Path, **options):
    with pytest.raises(TownError) as caught:
        read_table(path, layer="communities", **options)
    return _only(caught.value)


def cut(path: Path, share: float):
    """Cut a file short."""
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    return path
