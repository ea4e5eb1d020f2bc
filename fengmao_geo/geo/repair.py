"""Make geometry valid and report what changed; nothing is dropped in silence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from fengmao_geo.findings import Finding

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from fengmao_geo.schema import Geometry

    Shapes = NDArray[np.object_]
    Mask = NDArray[np.bool_]

__all__ = ["drop_missing", "repair"]

_DIMENSION = {"point": 0, "line": 1, "polygon": 2}


def drop_missing(frame: gpd.GeoDataFrame, *, layer: str) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Leave out features whose geometry is null, empty or not finite, each with a finding.

    Parameters
    ----------
    frame
        A layer with the column ``id``.
    layer
        Its name, for the findings.

    Returns
    -------
    GeoDataFrame
        The features that have geometry.
    list
        One finding per feature left out.

    Examples
    --------
    >>> import geopandas as gpd
    >>> gates = gpd.GeoDataFrame({"id": ["a", "b"]}, geometry=[shapely.Point(1, 2), None])
    >>> kept, found = drop_missing(gates, layer="gates")
    >>> kept["id"].tolist(), [(finding.code, finding.feature_id) for finding in found]
    (['a'], [('geometry_null', 'b')])
    """
    shapes = frame.geometry.to_numpy()
    null = shapely.is_missing(shapes)
    empty = shapely.is_empty(shapes)
    broken = ~(null | empty) & ~_is_finite(shapes)
    ids = frame["id"].to_numpy(dtype=object)
    found = [
        Finding(code, layer, str(name))
        for code, mask in (
            ("geometry_null", null),
            ("geometry_empty", empty),
            ("geometry_not_finite", broken),
        )
        for name in ids[mask]
    ]
    return frame[~(null | empty | broken)], found


def repair(frame: gpd.GeoDataFrame, *, layer: str, shape: Geometry) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Make a layer's geometry flat, valid and of one kind, with a finding for each change.

    Polygons that cross themselves are split where they cross (GEOS ``make_valid``, method "structure");
    parts of another kind than the layer's are left out.

    Parameters
    ----------
    frame
        A layer in metres with the column ``id`` and without missing geometry.
    layer
        Its name, for the findings.
    shape
        The kind of geometry it must have.

    Returns
    -------
    GeoDataFrame
        The layer, valid; features of which nothing is left are left out.
    list
        The findings, with the square metres that changed.

    Examples
    --------
    >>> import geopandas as gpd
    >>> bow_tie = shapely.from_wkt("POLYGON ((0 0, 2 2, 2 0, 0 2, 0 0))")
    >>> water = gpd.GeoDataFrame({"id": ["a"]}, geometry=[bow_tie], crs=4549)
    >>> repaired, found = repair(water, layer="water", shape="polygon")
    >>> repaired.area.tolist(), found[0].code
    ([2.0], 'geometry_repaired')
    """
    given = frame.geometry.to_numpy()
    ids = frame["id"].to_numpy(dtype=object)
    found = []
    if (lifted := shapely.has_z(given)).any():
        found.append(Finding("z_dropped", layer, values={"count": int(lifted.sum())}))
    flat = _lines_of_rings(shapely.force_2d(given))
    bad = ~shapely.is_valid(flat)
    valid = _made_valid(flat, bad)
    kept = _of_kind(valid, shape)
    gone = shapely.is_empty(kept) | ~shapely.is_valid(kept)
    wrong = ~shapely.is_empty(valid) & shapely.is_empty(kept)
    found += _repairs(ids, flat, kept, bad & ~gone, layer)
    found += _lost_parts(ids, valid, kept, ~bad & ~gone, layer)
    found += [Finding("geometry_unrepairable", layer, str(name)) for name in ids[gone & ~wrong]]
    found += [
        Finding("geometry_kind", layer, str(name), values={"kind": kind, "shape": shape})
        for name, kind in zip(ids[wrong], _kinds(valid[wrong]), strict=True)
    ]
    return frame.set_geometry(kept, crs=frame.crs)[~gone], found


def _is_finite(shapes: Shapes) -> Mask:
    coordinates, owners = shapely.get_coordinates(shapes, return_index=True)
    finite = np.ones(len(shapes), dtype=bool)
    finite[owners[~np.isfinite(coordinates).all(axis=1)]] = False
    return finite


def _lines_of_rings(shapes: Shapes) -> Shapes:
    ring = shapely.get_type_id(shapes) == shapely.GeometryType.LINEARRING
    lines = shapes.copy()
    lines[ring] = [shapely.LineString(shape) for shape in shapes[ring]]
    return lines


def _made_valid(shapes: Shapes, bad: Mask) -> Shapes:
    """Repair what is invalid; where GEOS leaves it invalid, unite its parts."""
    valid = shapes.copy()
    valid[bad] = shapely.make_valid(shapes[bad], method="structure", keep_collapsed=False)
    for place in np.flatnonzero(bad)[~shapely.is_valid(valid[bad])]:
        valid[place] = shapely.union_all(shapely.get_parts(valid[place]))
    return valid


def _of_kind(shapes: Shapes, shape: Geometry) -> Shapes:
    """Keep the parts of one dimension: the layer's, or the highest there is where the layer takes any."""
    mixed = shapely.get_type_id(shapes) == shapely.GeometryType.GEOMETRYCOLLECTION
    asked = shapely.get_dimensions(shapes) if shape == "any" else np.full(len(shapes), _DIMENSION[shape])
    kept = shapes.copy()
    kept[~mixed & (shapely.get_dimensions(shapes) != asked)] = shapely.Point()
    for place in np.flatnonzero(mixed):
        kept[place] = _collected(shapes[place], int(asked[place]))
    return kept


def _collected(collection: shapely.Geometry, dimension: int) -> shapely.Geometry:
    parts = shapely.get_parts(collection)
    while (shapely.get_type_id(parts) == shapely.GeometryType.GEOMETRYCOLLECTION).any():
        parts = shapely.get_parts(parts)
    parts = parts[shapely.get_dimensions(parts) == dimension]
    if dimension == _DIMENSION["polygon"]:
        return shapely.union_all(parts)
    singles = shapely.get_parts(parts)
    whole = shapely.MultiLineString if dimension else shapely.MultiPoint
    return whole(list(singles))


def _repairs(ids: Shapes, before: Shapes, after: Shapes, mended: Mask, layer: str) -> list[Finding]:
    areas = np.column_stack([shapely.area(before[mended]), shapely.area(after[mended])])
    return [
        Finding(
            "geometry_repaired",
            layer,
            str(name),
            values={"reason": reason, "before_m2": round(old, 2), "after_m2": round(new, 2)},
            point=point,
        )
        for name, reason, (old, new), point in zip(
            ids[mended],
            shapely.is_valid_reason(before[mended]),
            areas.tolist(),
            shapely.to_wkt(shapely.point_on_surface(after[mended]), rounding_precision=2),
            strict=True,
        )
    ]


def _lost_parts(ids: Shapes, before: Shapes, after: Shapes, kept: Mask, layer: str) -> list[Finding]:
    """Report parts left out of collections that were valid as they came."""
    fewer = kept & (shapely.get_type_id(before) == shapely.GeometryType.GEOMETRYCOLLECTION)
    lost = [
        ", ".join(sorted(set(_kinds(shapely.get_parts(shape))) - set(_kinds(shapely.get_parts(rest)))))
        for shape, rest in zip(before[fewer], after[fewer], strict=True)
    ]
    return [
        Finding("geometry_parts", layer, str(name), values={"kinds": kinds}, point=point)
        for name, kinds, point in zip(
            ids[fewer],
            lost,
            shapely.to_wkt(shapely.point_on_surface(after[fewer]), rounding_precision=2),
            strict=True,
        )
        if kinds
    ]


def _kinds(shapes: Shapes) -> list[str]:
    return [shape.geom_type for shape in shapes]
