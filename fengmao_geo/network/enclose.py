"""Walls and water around the streets: gates opened, streets cut where nobody can pass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from fengmao_geo.findings import Finding
from fengmao_geo.geo.lines import cut_lines
from fengmao_geo.network.barriers import TOUCH_M, Barriers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fengmao_geo.geo.raster_file import RasterFile
    from fengmao_geo.town.town import Town

    Geometries = NDArray[np.object_]
    Numbers = NDArray[np.float64]

__all__ = ["Surroundings", "enclose"]


@dataclass(frozen=True)
class Surroundings:
    """What a town knows of the ground its streets lie on."""

    water: Geometries
    lines: Geometries
    compounds: gpd.GeoDataFrame
    gates: pd.DataFrame
    extent: Any | None
    is_bridges_complete: bool
    elevation: RasterFile | None = None
    crossings: gpd.GeoDataFrame | None = None

    @classmethod
    def none(cls) -> Surroundings:
        """Streets alone."""
        nothing = np.zeros(0, dtype=object)
        return cls(nothing, nothing, _no_frame("id"), _gates(None, {}), None, is_bridges_complete=False)

    @classmethod
    def of(cls, town: Town) -> Surroundings:
        """Take the layers of a town that walkers cannot cross."""
        nothing = np.zeros(0, dtype=object)
        return cls(
            water=town["water"].geometry.to_numpy() if "water" in town else nothing,
            lines=town["barriers"].geometry.to_numpy() if "barriers" in town else nothing,
            compounds=town["compounds"] if "compounds" in town else _no_frame("id"),
            gates=_gates(town["gates"] if "gates" in town else None, _grounds(town)),  # noqa: SIM401  no dictionary
            extent=town.extent,
            is_bridges_complete=bool(town.settings.bridges_complete),
            elevation=town.rasters.get("elevation"),
            crossings=town["crossings"] if "crossings" in town else None,  # noqa: SIM401  no dictionary
        )


def _no_frame(*columns: str) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({name: [] for name in columns}, geometry=[])


def _grounds(town: Town) -> dict[str, Any]:
    """Outlines that a gate may name by the id of their compound or green, or of a facility in them.

    An id that several layers use is that of the compound, then of the green, then of the facility.
    """
    areas = [town[name] for name in ("compounds", "green") if name in town]
    known: dict[str, Any] = {}
    if "facilities" in town and areas:
        facilities = town["facilities"]
        shapes = np.concatenate([area.geometry.to_numpy() for area in areas])
        shapes = shapes[np.argsort(-shapely.area(shapes), kind="stable")]
        row, hit = shapely.STRtree(shapes).query(facilities.geometry.to_numpy(), predicate="within")
        order = np.lexsort((hit, row))  # the smallest last
        known |= dict(
            zip(facilities["id"].astype(str).to_numpy()[row[order]], shapes[hit[order]], strict=True)
        )
    for area in reversed(areas):
        known |= dict(zip(area["id"].astype(str), area.geometry, strict=True))
    return known


def _gates(gates: gpd.GeoDataFrame | None, grounds: dict[str, Any]) -> pd.DataFrame:
    """Points with their ids, the place they lead to, its outline, and whether they are open: unless said."""
    if gates is None:
        nothing = np.zeros(0, dtype=object)
        return pd.DataFrame(
            {
                "id": nothing,
                "geometry": nothing,
                "place_id": [],
                "ground": nothing,
                "is_open": np.zeros(0, dtype=bool),
            }
        )
    is_open = gates["is_open"].isna() | gates["is_open"].eq(True) if "is_open" in gates.columns else True
    place = gates["place_id"].astype(object) if "place_id" in gates.columns else None
    ground = np.full(len(gates), None, dtype=object)
    if place is not None:
        ground[:] = [grounds.get(name) if isinstance(name, str) else None for name in place]
    ids = pd.Series(gates["id"].array if "id" in gates.columns else gates.index.array).astype("str")
    return pd.DataFrame(
        {
            "id": ids.to_numpy(dtype=object),
            "geometry": gates.geometry.to_numpy(),
            "place_id": None if place is None else place.to_numpy(),
            "ground": ground,
            "is_open": is_open if isinstance(is_open, bool) else is_open.to_numpy(dtype=bool),
        }
    )


def enclose(
    pieces: gpd.GeoDataFrame, around: Surroundings, *, gate_reach_m: float
) -> tuple[gpd.GeoDataFrame, Barriers, list[Finding]]:
    """Cut streets at walls without a gate, and at water where the bridges are known to be complete.

    Parameters
    ----------
    pieces
        Streets.
    around
        Walls, water and gates.
    gate_reach_m
        A street within this of a gate goes through it.

    Returns
    -------
    tuple
        The pieces, split at walls; the barriers; the findings.
    """
    walls, found = _walls(pieces, around, gate_reach_m)
    wall_lines = walls[~shapely.is_empty(walls)]
    pieces = _cut_at_walls(pieces, wall_lines)
    pieces, water_found = _cut_at_water(pieces, around)
    barriers = Barriers(around.lines, around.water, wall_lines)
    return pieces, barriers, [*found, *water_found]


def _walls(
    pieces: gpd.GeoDataFrame, around: Surroundings, reach_m: float
) -> tuple[Geometries, list[Finding]]:
    """Take the compounds' outlines less an opening at each open gate.

    A compound none of whose gates is known is open where streets pass its outline.
    """
    outlines = around.compounds.geometry.boundary.to_numpy()
    gates = around.gates
    gate, of = _near(gates["geometry"].to_numpy(), outlines, reach_m)
    is_known = np.isin(np.arange(len(outlines)), of)
    is_open = gates["is_open"].to_numpy(dtype=bool)[gate]
    opening, opened = gates["geometry"].to_numpy()[gate[is_open]], of[is_open]
    passes, passed = _crossings(pieces, outlines)
    unknown = ~is_known[passed]
    walls = outlines.copy()
    discs = shapely.buffer(np.concatenate([opening, passes[unknown]]), reach_m)
    owner = np.concatenate([opened, passed[unknown]])
    for row in np.unique(owner):
        walls[row] = shapely.difference(outlines[row], shapely.union_all(discs[owner == row]))
    ids = around.compounds["id"].to_numpy()
    found = [
        Finding(
            "compound_without_gate", "compounds", str(ids[row]), None, {"count": int((passed == row).sum())}
        )
        for row in np.flatnonzero(~is_known)
    ]
    return walls, found


def _near(
    points: Geometries, outlines: Geometries, reach_m: float
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    if not len(points) or not len(outlines):
        return np.zeros(0, dtype=np.intp), np.zeros(0, dtype=np.intp)
    row, of = shapely.STRtree(outlines).query(points, predicate="dwithin", distance=reach_m)
    return row, of


def _crossings(pieces: gpd.GeoDataFrame, outlines: Geometries) -> tuple[Geometries, NDArray[np.intp]]:
    """Points where streets on the ground pass an outline, and which outline."""
    if not len(outlines):
        return np.zeros(0, dtype=object), np.zeros(0, dtype=np.intp)
    lines = _on_the_ground(pieces).geometry.to_numpy()
    line, of = shapely.STRtree(outlines).query(lines, predicate="intersects")
    points, row = shapely.get_parts(shapely.intersection(lines[line], outlines[of]), return_index=True)
    is_point = shapely.get_type_id(points) == 0
    return points[is_point], of[row[is_point]]


def _on_the_ground(pieces: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return pieces[(pieces["level"] == 0) & ~pieces["is_tunnel"].astype(bool)]


def _cut_at_walls(pieces: gpd.GeoDataFrame, walls: Geometries) -> gpd.GeoDataFrame:
    """Split streets where they pass a wall; which ends meet there is settled when they are joined."""
    ground = _on_the_ground(pieces)
    lines = ground.geometry.to_numpy()
    if not len(walls) or not len(lines):
        return pieces
    line, of = shapely.STRtree(walls).query(lines, predicate="intersects")
    points, row = shapely.get_parts(shapely.intersection(lines[line], walls[of]), return_index=True)
    is_point = shapely.get_type_id(points) == 0
    points, line = points[is_point], line[row[is_point]]
    at_m = shapely.line_locate_point(lines[line], points)
    is_inner = (at_m > TOUCH_M) & (at_m < shapely.length(lines[line]) - TOUCH_M)
    return _split(pieces, ground.index.to_numpy()[line[is_inner]], at_m[is_inner])


def _split(pieces: gpd.GeoDataFrame, label: NDArray[np.intp], at_m: Numbers) -> gpd.GeoDataFrame:
    """Split pieces, named by their label, at positions along them."""
    if not len(label):
        return pieces
    touched = pieces.loc[np.unique(label)]
    lines = touched.geometry.to_numpy()
    row = np.searchsorted(touched.index.to_numpy(), label)
    count = len(lines)
    of = np.concatenate([np.arange(count), row, np.arange(count)])
    at = np.concatenate([np.zeros(count), at_m, shapely.length(lines)])
    order = np.lexsort((at, of))
    of, at = of[order], at[order]
    is_piece = (of[1:] == of[:-1]) & (np.diff(at) > TOUCH_M)
    part = of[:-1][is_piece]
    cut = touched.iloc[part].set_geometry(
        gpd.GeoSeries(cut_lines(lines[part], at[:-1][is_piece], at[1:][is_piece]), crs=pieces.crs).set_axis(
            touched.index[part]
        )
    )
    return pd.concat([pieces.drop(index=touched.index), cut]).sort_index(kind="stable").reset_index(drop=True)


def _cut_at_water(pieces: gpd.GeoDataFrame, around: Surroundings) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Find streets through water without a bridge, and take that stretch out if bridges are complete."""
    dry = pieces[
        (pieces["level"] == 0) & ~pieces["is_tunnel"].astype(bool) & ~pieces["is_bridge"].astype(bool)
    ]
    lines = dry.geometry.to_numpy()
    if not len(around.water) or not len(lines):
        return pieces, []
    water = shapely.get_parts(around.water)
    row, of = shapely.STRtree(water).query(lines, predicate="intersects")
    wet, at = shapely.get_parts(shapely.intersection(lines[row], water[of]), return_index=True)
    is_line = shapely.get_type_id(wet) == 1
    wet, at = wet[is_line], at[is_line]
    middle = shapely.line_interpolate_point(wet, 0.5, normalized=True)
    # A street that only clips the bank does not cross the water.
    is_across = (shapely.length(wet) > TOUCH_M) & (
        shapely.distance(middle, shapely.boundary(water[of[at]])) > _CLIP_M
    )
    if not is_across.any():
        return pieces, []
    wet, line = wet[is_across], row[at[is_across]]
    code = "street_cut_at_water" if around.is_bridges_complete else "suspected_bridge"
    found = [
        Finding(
            code,
            "streets",
            str(street),
            None,
            {"length_m": round(float(length), 1)},
            f"POINT ({x:.3f} {y:.3f})",
        )
        for street, length, (x, y) in zip(
            dry["street_id"].to_numpy()[line],
            shapely.length(wet),
            shapely.get_coordinates(middle[is_across]),
            strict=True,
        )
    ]
    if not around.is_bridges_complete:
        return pieces, found
    return _take_out(pieces, dry.index.to_numpy()[line], wet), found


_CLIP_M = 0.5


def _take_out(pieces: gpd.GeoDataFrame, label: NDArray[np.intp], wet: Geometries) -> gpd.GeoDataFrame:
    lines = pieces.geometry.to_numpy()[pieces.index.get_indexer(label)]
    ends = np.stack(
        [shapely.line_locate_point(lines, shapely.get_point(wet, end)) for end in (0, -1)], axis=1
    )
    split = _split(pieces, np.repeat(label, 2), ends.ravel())
    middle = shapely.line_interpolate_point(split.geometry.to_numpy(), 0.5, normalized=True)
    is_wet = np.zeros(len(split), dtype=bool)
    is_wet[shapely.STRtree(wet).query(middle, predicate="dwithin", distance=TOUCH_M)[0]] = True
    ids = pieces["street_id"].to_numpy()[pieces.index.get_indexer(label)]
    return split[~(is_wet & split["street_id"].isin(ids).to_numpy())].reset_index(drop=True)
