"""Pieces of a drawing to what a layer holds: outlines closed, repeated hatches dropped, names given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    from numpy.typing import NDArray

    from fengmao_geo.schema import Geometry

    Mask = NDArray[np.bool_]
    Shapes = NDArray[np.object_]

__all__ = ["Drawn", "as_features"]

#: Two outlines whose areas differ by less than this share are one.
_SAME_SHARE = 1e-3

_POINT, _LINE, _AREA = 0, 1, 2
_DIMENSIONS = {"point": (_POINT,), "line": (_LINE,), "polygon": (_AREA,), "any": (_POINT, _LINE, _AREA)}


@dataclass(frozen=True)
class Drawn:
    """The rows of a layer, and how many pieces of the drawing did not become one, by reason.

    Parameters
    ----------
    rows
        The features.
    left_out
        Pieces by the code of the finding that says why.
    gaps_m
        The gaps that were closed.
    name_count
        Texts that name a polygon.
    """

    rows: gpd.GeoDataFrame
    left_out: Mapping[str, int]
    gaps_m: NDArray[np.float64]
    name_count: int


def as_features(pieces: gpd.GeoDataFrame, *, shape: Geometry, is_surface: bool, closing_m: float) -> Drawn:
    """Make the features of a layer from the pieces of a drawing.

    Parameters
    ----------
    pieces
        Pieces with ``cad_layer``, ``is_text``, ``is_hatch``, ``text``.
    shape
        The geometry that the layer holds.
    is_surface
        Whether a layer of lines is drawn as surfaces: then its outlines are closed as those of polygons are.
    closing_m
        How far apart the ends of an outline may be.

    Returns
    -------
    Drawn
        The features; pieces = rows + left out + names.
    """
    asked = _DIMENSIONS[shape] + ((_AREA,) if is_surface else ())
    shapes = shapely.force_2d(pieces.geometry.to_numpy()).astype(object)
    is_text = pieces["is_text"].to_numpy(dtype=bool)
    gap_m, is_closed = _closed(shapes, closing_m)
    is_closed &= (_AREA in asked) & ~is_text
    lifted = pieces.geometry.to_numpy().copy()
    lifted[is_closed] = _ring_filled(lifted[is_closed])
    dimension = shapely.get_dimensions(lifted)
    is_empty = shapely.is_empty(lifted) | shapely.is_missing(lifted)
    is_double = _doubles(lifted, pieces, is_closed) if _AREA in asked else np.zeros(len(pieces), dtype=bool)
    is_row = np.isin(dimension, asked) & ~is_empty & ~is_text & ~is_double
    rows = pieces.set_geometry(lifted)[is_row].reset_index(drop=True)
    names, is_name = (
        _names(rows, pieces[is_text]) if _AREA in asked else (None, np.zeros(int(is_text.sum()), bool))
    )
    if names is not None:
        rows = rows.assign(cad_text=names)
    other = ~is_row & ~is_text & ~is_double & ~is_empty
    left_out = {
        "drawing_texts": int((~is_name).sum()),
        "drawing_doubles": int(is_double.sum()),
        "drawing_empty": int((is_empty & ~is_text).sum()),
        "drawing_points": int((other & (dimension == _POINT)).sum()),
        "drawing_open" if _AREA in asked else "drawing_lines": int((other & (dimension == _LINE)).sum()),
        "drawing_areas": int((other & (dimension == _AREA)).sum()),
    }
    closed_m = gap_m[is_closed & is_row]
    return Drawn(rows, left_out, closed_m[closed_m > 0], int(is_name.sum()))


def _closed(shapes: Shapes, closing_m: float) -> tuple[NDArray[np.float64], Mask]:
    """Measure the gap between the ends of each line, and say which lines enclose ground."""
    is_line = shapely.get_type_id(shapes) == shapely.GeometryType.LINESTRING
    gap_m = np.full(len(shapes), np.nan)
    gap_m[is_line] = shapely.distance(
        shapely.get_point(shapes[is_line], 0), shapely.get_point(shapes[is_line], -1)
    )
    corners = shapely.get_num_coordinates(shapes) - (gap_m == 0)
    can = is_line & (gap_m <= closing_m) & (corners >= 3)
    can[can] = shapely.area(_ring_filled(shapes[can])) > 0
    # A short line is no outline: what is closed must be small beside what is drawn.
    can[can] = gap_m[can] < shapely.length(shapes[can]) / 4
    return gap_m, can


def _ring_filled(lines: Shapes) -> Shapes:
    """Fill closed lines, and lines that a last side would close."""
    vertices, line = shapely.get_coordinates(lines, include_z=True, return_index=True)
    has_z = bool(shapely.has_z(lines).any())
    vertices[:, 2] = np.nan_to_num(vertices[:, 2])
    # GEOS closes a ring whose ends differ.
    rings = shapely.linearrings(vertices if has_z else vertices[:, :2], indices=line)
    return np.asarray(shapely.polygons(rings), dtype=object)


def _doubles(shapes: Shapes, pieces: gpd.GeoDataFrame, is_outline: Mask) -> Mask:
    """Say which hatches fill an outline, or repeat a hatch, of their own drawing layer."""
    is_double = np.zeros(len(shapes), dtype=bool)
    hatches = np.flatnonzero(
        pieces["is_hatch"].to_numpy(dtype=bool) & (shapely.get_dimensions(shapes) == _AREA)
    )
    others = np.flatnonzero(is_outline)
    at = np.concatenate([others, hatches])
    if not len(hatches):
        return is_double
    solid = shapely.make_valid(shapely.force_2d(shapes[at]), method="structure", keep_collapsed=False)
    hatch, other = shapely.STRtree(solid).query(solid[len(others) :], predicate="intersects")
    hatch += len(others)
    layers = pieces["cad_layer"].to_numpy(dtype=object)[at]
    # A hatch repeats an outline, or a hatch that stands before it.
    before = (other < hatch) & (layers[hatch] == layers[other])
    hatch, other = hatch[before], other[before]
    area = shapely.area(solid)
    near = np.abs(area[hatch] - area[other]) <= _SAME_SHARE * area[hatch]
    hatch, other = hatch[near], other[near]
    differ = shapely.area(shapely.symmetric_difference(solid[hatch], solid[other]))
    is_double[at[hatch[differ <= 2 * _SAME_SHARE * area[hatch]]]] = True
    return is_double


def _names(rows: gpd.GeoDataFrame, texts: gpd.GeoDataFrame) -> tuple[NDArray[np.object_], Mask]:
    """Give each polygon the texts that fall into it and no other, in the order of reading."""
    names = np.full(len(rows), None, dtype=object)
    words = texts["text"].to_numpy(dtype=object)
    points = shapely.force_2d(texts.geometry.to_numpy())
    areas = np.flatnonzero(shapely.get_dimensions(rows.geometry.to_numpy()) == _AREA)
    tree = shapely.STRtree(shapely.force_2d(rows.geometry.to_numpy()[areas]))
    text, area = tree.query(points, predicate="intersects")
    once = (np.bincount(text, minlength=len(texts)) == 1)[text] & pd.notna(words[text])
    text, area = text[once], areas[area[once]]
    order = np.lexsort((shapely.get_x(points[text]), -shapely.get_y(points[text]), area))
    joined: dict[int, list[str]] = {}
    for row, word in zip(area[order].tolist(), words[text[order]], strict=True):
        joined.setdefault(row, []).append(str(word).strip())
    names[list(joined)] = [" ".join(said) for said in joined.values()]
    is_name = np.zeros(len(texts), dtype=bool)
    is_name[text] = True
    return names, is_name
