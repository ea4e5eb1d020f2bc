"""Make geometry valid, on a millimetre grid, and report what changed; nothing is dropped in silence."""

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

__all__ = ["GRID_DECIMALS", "drop_missing", "repair"]

#: Outlines stand on a grid of so many decimals of a metre: what two of them share they go on sharing.
GRID_DECIMALS = 3

_DIMENSION = {"point": 0, "line": 1, "polygon": 2}
_FLAT = 2
# Areas that differ by less are the same but for rounding.
_ROUNDING_M2 = 1e-6


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
    missing = null | empty | broken
    return frame[~missing] if missing.any() else frame, found


def repair(frame: gpd.GeoDataFrame, *, layer: str, shape: Geometry) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Make a layer's geometry flat, valid and of one kind, with a finding for each change.

    Polygons that cross themselves are split where they cross (GEOS ``make_valid``, method "structure");
    parts of another kind than the layer's are left out. Where all are polygons, corners then move to a grid
    of 1 mm, each for itself, so that what neighbours share they go on sharing. Lines and points stay as they
    were drawn: an end that lies on another line would leave it.

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
    flat = _lines_of_rings(_flat(given))
    bad = ~shapely.is_valid(flat)
    valid = _made_valid(flat, bad)
    sound = _of_kind(valid, shape)
    # Places of any kind share no outlines with others, and what was planned stays where it was measured.
    kept, fell = _gridded(sound) if shape == "polygon" else (sound, np.zeros(len(sound), dtype=bool))
    gone = shapely.is_empty(kept) | ~shapely.is_valid(kept)
    wrong = ~shapely.is_empty(valid) & shapely.is_empty(sound)
    mixed = shapely.get_type_id(valid) == shapely.GeometryType.GEOMETRYCOLLECTION
    lapped = mixed & (shapely.area(valid) > shapely.area(sound) + _ROUNDING_M2)
    found += _changed("geometry_repaired", ids, flat, kept, bad & ~gone, layer)
    found += _changed("geometry_parts_overlap", ids, flat, kept, lapped & ~bad & ~gone, layer)
    found += _changed("geometry_gridded", ids, sound, kept, fell & ~bad & ~gone, layer)
    found += _lost_parts(ids, valid, sound, mixed & ~gone, layer)
    found += _too_thin(ids, sound, fell & gone, layer)
    found += [Finding("geometry_unrepairable", layer, str(name)) for name in ids[gone & ~wrong & ~fell]]
    found += [
        Finding("geometry_kind", layer, str(name), values={"kind": kind, "shape": shape})
        for name, kind in zip(ids[wrong], _kinds(valid[wrong]), strict=True)
    ]
    repaired = frame.set_geometry(kept, crs=frame.crs)
    return repaired[~gone] if gone.any() else repaired, found


def _is_finite(shapes: Shapes) -> Mask:
    coordinates, owners = shapely.get_coordinates(shapes, return_index=True)
    finite = np.ones(len(shapes), dtype=bool)
    finite[owners[~np.isfinite(coordinates).all(axis=1)]] = False
    return finite


def _flat(shapes: Shapes) -> Shapes:
    """Leave out heights and measures; what has none stays the same object, which nobody can change."""
    flat = shapes.copy()
    lifted = shapely.get_coordinate_dimension(shapes) != _FLAT
    flat[lifted] = shapely.force_2d(shapes[lifted])
    return flat


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
    singles = _simple(collection)
    singles = singles[shapely.get_dimensions(singles) == dimension]
    if dimension == _DIMENSION["polygon"]:
        return shapely.union_all(singles)
    whole = shapely.MultiLineString if dimension else shapely.MultiPoint
    return whole(list(singles))


def _simple(collection: shapely.Geometry) -> Shapes:
    """Take a geometry apart down to single points, lines and polygons, however deep they are nested."""
    parts = shapely.get_parts(np.array([collection], dtype=object))
    while (shapely.get_type_id(parts) > shapely.GeometryType.POLYGON).any():
        parts = shapely.get_parts(parts)
    return np.asarray(parts[~shapely.is_empty(parts)])


def _gridded(shapes: Shapes) -> tuple[Shapes, Mask]:
    """Move polygons' corners to the grid, and say where what they enclose fell together on it."""
    on, fell = shapes.copy(), np.zeros(len(shapes), dtype=bool)
    is_area = np.flatnonzero(shapely.get_dimensions(shapes) == _DIMENSION["polygon"])
    at, owner = shapely.get_coordinates(shapes[is_area], return_index=True)
    moved = np.round(at, GRID_DECIMALS)
    off = is_area[np.unique(owner[(at != moved).any(axis=1)])]
    if not len(off):
        return on, fell
    rounded = shapely.transform(shapes[off], lambda places: np.round(places, GRID_DECIMALS))
    bad = ~shapely.is_valid(rounded)
    rounded = _made_valid(rounded, bad)
    on[off] = shapely.remove_repeated_points(rounded)
    fell[off] = bad
    return on, fell


def _changed(code: str, ids: Shapes, before: Shapes, after: Shapes, of: Mask, layer: str) -> list[Finding]:
    """Report features that are no longer what they were, with their areas then and now."""
    areas = np.column_stack([shapely.area(before[of]), shapely.area(after[of])])
    return [
        Finding(
            code,
            layer,
            str(name),
            values={"reason": reason, "before_m2": round(old, 2), "after_m2": round(new, 2)},
            point=point,
        )
        for name, reason, (old, new), point in zip(
            ids[of],
            shapely.is_valid_reason(before[of]),
            areas.tolist(),
            _places(after[of]),
            strict=True,
        )
    ]


def _too_thin(ids: Shapes, shapes: Shapes, gone: Mask, layer: str) -> list[Finding]:
    return [
        Finding("geometry_thin", layer, str(name), values={"area_m2": f"{area:.2g}"}, point=point)
        for name, area, point in zip(
            ids[gone], shapely.area(shapes[gone]), _places(shapes[gone]), strict=True
        )
    ]


def _lost_parts(ids: Shapes, before: Shapes, after: Shapes, mixed: Mask, layer: str) -> list[Finding]:
    """Report parts left out of collections."""
    lost = [
        ", ".join(sorted(set(_kinds(_simple(shape))) - set(_kinds(_simple(rest)))))
        for shape, rest in zip(before[mixed], after[mixed], strict=True)
    ]
    return [
        Finding("geometry_parts", layer, str(name), values={"kinds": kinds}, point=point)
        for name, kinds, point in zip(ids[mixed], lost, _places(after[mixed]), strict=True)
        if kinds
    ]


def _places(shapes: Shapes) -> list[str]:
    return list(shapely.to_wkt(shapely.point_on_surface(shapes), rounding_precision=2))


def _kinds(shapes: Shapes) -> list[str]:
    return [shape.geom_type for shape in shapes]
