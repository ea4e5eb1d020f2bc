"""Polygons that should share out the ground and lie on one another: found in pairs, and settled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import shapely

from fengmao_geo.findings import Finding
from fengmao_geo.geo.planar import in_lots, joined_by_row, outline_segments, polygon_parts
from fengmao_geo.standards.figures import figure_standard

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    Geometries = NDArray[np.object_]
    Indices = NDArray[np.intp]
    Numbers = NDArray[np.float64]
    Flags = NDArray[np.bool_]

__all__ = ["OverlapPolicy", "Overlaps", "overlaps", "settle_overlaps", "settled"]

OverlapPolicy = Literal["error", "first", "smaller"]

# Corners stand on a grid of 1 mm, so that an edge drawn through another's corner may pass it by so much.
_GRID_M = 1e-3
# Areas that differ by less than this part are the same.
_SAME_SHARE = 1e-9


class Overlaps(NamedTuple):
    """Pairs of polygons that share ground: the rows of both, in order, and the ground."""

    one: Indices
    other: Indices
    shared: Geometries

    @property
    def area_m2(self) -> Numbers:
        """How much ground each pair shares."""
        return np.asarray(shapely.area(self.shared), dtype=float)

    @property
    def width_m(self) -> Numbers:
        """How wide that ground is: its area over half its outline."""
        return np.asarray(2 * self.area_m2 / shapely.length(self.shared), dtype=float)


def overlaps(shapes: Geometries) -> Overlaps:
    """Find every two polygons that share ground.

    Where an outline runs along one other's the other way, as it does between neighbours, ground is no more
    often covered on one side than on the other, and by all but these two it is on both. So only polygons with
    another outline than that are compared with those around them, then those they share ground with, and so
    on.

    Parameters
    ----------
    shapes
        Valid polygons, shape ``(n,)``.

    Returns
    -------
    Overlaps
        Each pair once, in the order of rows; ground no wider than a millimetre is rounding and not told.

    Examples
    --------
    >>> boxes = [shapely.box(0, 0, 2, 2), shapely.box(2, 0, 4, 2), shapely.box(3, 0, 5, 2)]
    >>> found = overlaps(np.array(boxes))
    >>> found.one.tolist(), found.other.tolist(), found.area_m2.tolist()
    ([1], [2], [2.0])
    """
    pairs, shared = [np.zeros((0, 2), dtype=np.intp)], [np.zeros(0, dtype=object)]
    seen = np.zeros(len(shapes), dtype=bool)
    tree, next_up = shapely.STRtree(shapes), np.flatnonzero(_has_open_outline(shapes))
    while len(next_up):
        row, hit = tree.query(shapes[next_up])
        row = next_up[row]
        # A pair of which both are asked about comes twice, and a pair asked about before is known.
        is_new = (row != hit) & ~seen[hit] & (~np.isin(hit, next_up) | (row < hit))
        pair = np.sort(np.stack([row[is_new], hit[is_new]], axis=1), axis=1)
        seen[next_up] = True
        is_lap, ground = _common(shapes[pair[:, 0]], shapes[pair[:, 1]])
        pairs.append(pair[is_lap])
        shared.append(ground[is_lap])
        reached = np.unique(pair[is_lap])
        next_up = reached[~seen[reached]]
    pair, ground = np.concatenate(pairs), np.concatenate(shared)
    order = np.lexsort((pair[:, 1], pair[:, 0]))
    return Overlaps(pair[order, 0], pair[order, 1], ground[order])


def _has_open_outline(shapes: Geometries) -> Flags:
    """Say which polygons have a stretch of outline without just one other's along it the other way."""
    parts, row = polygon_parts(shapes)
    start, end, of = outline_segments(shapely.orient_polygons(parts))
    places = np.concatenate([start, end])
    _, corner = np.unique(places[:, 0] + 1j * places[:, 1], return_inverse=True)
    here, there = corner[: len(start)].astype(np.int64), corner[len(start) :].astype(np.int64)
    is_up = here < there
    stretch = np.where(is_up, here, there) * np.int64(len(places)) + np.where(is_up, there, here)
    _, entry = np.unique(stretch, return_inverse=True)
    up, down = np.bincount(entry, weights=is_up), np.bincount(entry, weights=~is_up)
    is_open = np.zeros(len(shapes), dtype=bool)
    is_open[row[of[((up != 1) | (down != 1))[entry]]]] = True
    return is_open


def _common(one: Geometries, other: Geometries) -> tuple[Flags, Geometries]:
    """Cut the common ground out of pairs, and say which of it is more than rounding."""
    is_lap, shared = np.zeros(len(one), dtype=bool), np.full(len(one), shapely.Polygon(), dtype=object)
    for lot, is_apart in in_lots(shapely.touches, one, other):
        is_lap[lot] = ~is_apart
    near = np.flatnonzero(is_lap)
    for lot, ground in in_lots(shapely.intersection, one[near], other[near]):
        shared[near[lot]] = ground
    is_lap[near] = 2 * shapely.area(shared[near]) > _GRID_M * shapely.length(shared[near])
    return is_lap, shared


def settled(shapes: Geometries, found: Overlaps, *, policy: Literal["first", "smaller"]) -> Geometries:
    """Give ground that polygons share to one of them.

    Parameters
    ----------
    shapes
        Valid polygons, shape ``(n,)``.
    found
        Their overlaps.
    policy
        Who keeps the ground: ``"first"``, the one that comes first; ``"smaller"``, the smaller one, of two
        of one size the first.

    Returns
    -------
    array of geometry, shape ``(n,)``
        The polygons, what they lose cut off; empty where no more than a millimetre's width is left.

    Examples
    --------
    >>> boxes = np.array([shapely.box(0, 0, 4, 4), shapely.box(3, 0, 5, 2)])
    >>> [shapely.area(settled(boxes, overlaps(boxes), policy=who)).tolist() for who in ("first", "smaller")]
    [[16.0, 2.0], [14.0, 4.0]]
    """
    rank = np.arange(len(shapes))
    if policy == "smaller":
        rank[np.argsort(shapely.area(shapes), kind="stable")] = np.arange(len(shapes))
    is_kept = rank[found.one] < rank[found.other]
    keeper, loser = np.where(is_kept, found.one, found.other), np.where(is_kept, found.other, found.one)
    order = np.lexsort((keeper, loser))
    rows, left = np.unique(loser), shapes.copy()
    if len(rows):
        left[rows] = shapely.difference(shapes[rows], joined_by_row(shapes[keeper[order]], loser[order]))
        crumbs = rows[2 * shapely.area(left[rows]) <= _GRID_M * shapely.length(left[rows])]
        left[crumbs] = shapely.Polygon()
    return left


def settle_overlaps(
    frame: gpd.GeoDataFrame, *, layer: str, policy: OverlapPolicy | None
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Report ground that features of a layer share, in pairs, and settle it as was chosen.

    Parameters
    ----------
    frame
        A layer of valid polygons in metres with the column ``id``, in the order of ids.
    layer
        Its name.
    policy
        ``"error"`` to refuse such a layer, ``"first"`` or ``"smaller"`` to say who keeps the ground;
        ``None`` to leave it counting twice.

    Returns
    -------
    GeoDataFrame
        The layer; with ``"first"`` and ``"smaller"`` no two features share ground, and those of which
        nothing is left are left out.
    list
        One finding a pair, the largest first and no more than shown; what they add up to.

    Examples
    --------
    >>> import geopandas as gpd
    >>> boxes = [shapely.box(0, 0, 4, 4), shapely.box(3, 0, 5, 2)]
    >>> parcels = gpd.GeoDataFrame({"id": ["a", "b"]}, geometry=boxes, crs=4549)
    >>> kept, found = settle_overlaps(parcels, layer="parcels", policy="first")
    >>> kept.area.tolist(), [finding.code for finding in found]
    ([16.0, 2.0], ['overlap_pair_cut', 'overlap_total_cut'])
    """
    shapes = frame.geometry.to_numpy()
    pairs = overlaps(shapes)
    if not len(pairs.one):
        return frame, []
    ids = frame["id"].to_numpy(dtype=object)
    found = _pairs_found(shapes, ids, pairs, layer, policy)
    after = settled(shapes, pairs, policy="smaller" if policy == "smaller" else "first")
    found.append(_total_found(shapes, after, pairs, layer, policy))
    if policy in (None, "error"):
        return frame, found
    gone = shapely.is_empty(after)
    found += [
        Finding("overlap_gone", layer, str(name), values={"area_m2": f"{area:.2f}"}, point=point)
        for name, area, point in zip(
            ids[gone], shapely.area(shapes[gone]), _places(shapes[gone]), strict=True
        )
    ]
    return frame.set_geometry(after, crs=frame.crs)[~gone], found


_CODES = {None: "overlap_pair", "error": "overlap_pair_refused"}
_TOTALS = {None: "overlap_total", "error": "overlap_total_refused"}


def _pairs_found(
    shapes: Geometries, ids: Geometries, pairs: Overlaps, layer: str, policy: OverlapPolicy | None
) -> list[Finding]:
    """Report the pairs that are no slivers, the largest first, as many as are shown."""
    area_m2 = pairs.area_m2
    plain = np.flatnonzero(~_is_sliver(pairs))
    count = int(figure_standard("intake").figure("overlap_pairs_count"))
    shown = plain[np.argsort(-area_m2[plain], kind="stable")][:count]
    most = np.maximum(shapely.area(shapes[pairs.one]), shapely.area(shapes[pairs.other]))
    is_twin = area_m2 >= most * (1 - _SAME_SHARE)
    return [
        Finding(
            "overlap_twin" if twin and policy is None else _CODES.get(policy, "overlap_pair_cut"),
            layer,
            str(ids[pairs.one[at]]),
            values={"other": str(ids[pairs.other[at]]), "area_m2": f"{area_m2[at]:.2f}"},
            point=point,
        )
        for at, twin, point in zip(shown, is_twin[shown], _places(pairs.shared[shown]), strict=True)
    ]


def _total_found(
    before: Geometries, after: Geometries, pairs: Overlaps, layer: str, policy: OverlapPolicy | None
) -> Finding:
    """Sum up all pairs, and the ground that counts more than once."""
    sliver = _is_sliver(pairs)
    values = {
        "count": len(sliver),
        "slivers": int(sliver.sum()),
        "sliver_m2": f"{pairs.area_m2[sliver].sum():.2f}",
        "width_m": f"{figure_standard('intake').figure('sliver_width_m'):g}",
        "twice_m2": f"{(shapely.area(before) - shapely.area(after)).sum():.2f}",
    }
    return Finding(_TOTALS.get(policy, "overlap_total_cut"), layer, values=values)


def _is_sliver(pairs: Overlaps) -> Flags:
    return np.asarray(pairs.width_m < figure_standard("intake").figure("sliver_width_m"))


def _places(shapes: Geometries) -> list[str]:
    return list(shapely.to_wkt(shapely.point_on_surface(shapes), rounding_precision=2))
