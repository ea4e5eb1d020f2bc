"""The layers as tables: identifiers, columns and row order."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely import Polygon, STRtree

from shuixiang_maker import areas, controls, decks, evidence, greenery, land, lie, people, services
from shuixiang_maker import geometry as geo
from shuixiang_maker import streets as st

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapely.geometry.base import BaseGeometry

    from shuixiang_maker.site import Green
    from shuixiang_maker.town import Ground

CRS = "EPSG:4549"
Layers = dict[str, gpd.GeoDataFrame]
QUIET_QUARTERS = ("市河北岸", "市河南岸", "南街", "严家浜", "塘西")


def frame(
    rows: list[dict[str, object]], geometry: Sequence[BaseGeometry], prefix: str = ""
) -> gpd.GeoDataFrame:
    """Return a layer on the millimetre grid, with identifiers that count up from 1."""
    table = pd.DataFrame(rows)
    if prefix:
        width = max(3, len(str(len(table))))
        table.insert(0, "id", [f"{prefix}{number:0{width}d}" for number in range(1, len(table) + 1)])
    return gpd.GeoDataFrame(
        table, geometry=[shapely.normalize(_on_grid(shape)) for shape in geometry], crs=CRS
    )


def _on_grid(shape: BaseGeometry) -> BaseGeometry:
    """Return lines and points as they are (their vertices are shared), polygons on the grid."""
    return geo.rounded(shape) if shape.geom_type in {"Polygon", "MultiPolygon"} else shape


def layers(town: Ground) -> tuple[Layers, gpd.GeoDataFrame]:
    """Return every vector layer of the town, and the true small spaces."""
    area = areas.built_up(town)
    extent = areas.extent(area)
    communities = areas.communities(town, extent)
    ponds = greenery.ponds(town, area)
    _clip_to(town, extent)
    _keep_reachable(town, extent)
    park_ponds = greenery.park_ponds(town)
    parcels = land.parcels(town, area, ponds, communities)
    evidence.settle(
        town.site.buildings, evidence.nearest_spots(town, QUIET_QUARTERS), np.random.default_rng(len(parcels))
    )
    facilities = services.facilities(town, area, extent)
    firms, poor = evidence.firms(town, parcels)
    blocks = areas.blocks(town)
    outside = areas.fields_outside(town, shapely.union_all([area, *[shape for *_, shape in blocks]]))
    blocks = [(*row, areas.trimmed(shape, outside)) for *row, shape in blocks]
    core = areas.trimmed(area, outside)
    greens = _greens(town, area, park_ponds)
    given = lie.Given(
        within=shapely.union_all([core, *[shape for *_, shape in blocks]]),
        water=shapely.union_all([*[w.shape for w in town.waters], *ponds, *park_ponds]),
        greens=greens,
        parcels=parcels,
        poor=list(parcels.loc[parcels["TBBH"].isin(poor), "geometry"]),
    )
    drawn, truth = lie.land(town, given, list(firms.geometry))
    found = {
        "built_up": frame([{"name": "水乡镇建成区"}], [core], "A"),
        "extent": frame([{}], [extent]).assign(id="E001")[["id", "geometry"]],
        "streets": _streets(town),
        "buildings": _buildings(town),
        "parcels": frame(parcels.drop(columns=["geometry", "kind"]).to_dict("records"), parcels["geometry"]),
        "green": _green_layer([*greens, *drawn.greens]),
        "roads_surface": frame(
            [{"surface_type": k} for k, _ in drawn.surfaces], [s for _, s in drawn.surfaces], "X"
        ),
        "parking": frame([{"name": "停车场"} for _ in drawn.parking], drawn.parking, "J"),
        "water": _water(town, extent, ponds, park_ponds),
        "bridges": _framed(decks.bridges(town, extent), "Q"),
        "compounds": _compounds(town),
        "gates": _gates(town),
        "barriers": _barriers(town),
        "blocks": _blocks(blocks),
        **_planning(town, area, extent, parcels),
        "firms": frame(firms.drop(columns="geometry").to_dict("records"), list(firms.geometry), "Y"),
        "trees": _trees(town, area),
        "communities": frame(
            [
                {"社区编码": f"33048210{n:04d}", "社区名称": name}
                for n, (name, _) in enumerate(communities, start=1)
            ],
            [shape for _, shape in communities],
        ),
        "facilities": frame(
            [{"name": f.name, "facility_type": f.kind, "capacity_count": f.capacity} for f in facilities],
            [f.spot for f in facilities],
            "F",
        ),
    }
    return found, _truth(truth)


def _truth(spaces: list[tuple[str, Polygon]]) -> gpd.GeoDataFrame:
    """Return the true small spaces by kind, from west to east."""
    rows = sorted(spaces, key=lambda row: (row[0], round(row[1].centroid.x, 1), round(row[1].centroid.y, 1)))
    return frame([{"kind": kind} for kind, _ in rows], [shape for _, shape in rows], "Z")


def _framed(rows: list[tuple[dict[str, object], BaseGeometry]], prefix: str) -> gpd.GeoDataFrame:
    return frame([row for row, _ in rows], [shape for _, shape in rows], prefix)


def _keep_reachable(town: Ground, extent: Polygon) -> None:
    """Drop buildings beyond the extent or in a street, and homes that water or a wall cuts off."""
    lines = [s.line for s in town.streets if s.is_walkable]
    tree = STRtree(lines)
    walls = STRtree([c.shape.exterior for c in town.site.compounds] + [w.shape for w in town.waters])
    taken = st.surface([s for s in town.streets if s.level == 0])
    shapely.prepare(taken)
    kept = []
    for building in town.site.buildings:
        if taken.intersects(building.shape.buffer(-0.05)):
            continue
        legs = [
            shapely.shortest_line(building.shape, lines[i])
            for i in tree.query(building.shape.buffer(60.0))
            if lines[i].distance(building.shape) < 60.0
        ]
        is_reached = any(not len(walls.query(leg, predicate="intersects")) for leg in legs if leg.length > 0)
        if (is_reached or not building.dwelling) and extent.covers(building.shape):
            kept.append(building)
    town.site.buildings[:] = kept


def _clip_to(town: Ground, extent: Polygon) -> None:
    """Cut streets a little beyond the extent, so that they cross its border."""
    border = extent.buffer(25.0)
    kept = []
    for street in town.streets:
        parts = [
            p for p in shapely.get_parts(street.line.intersection(border)) if p.geom_type == "LineString"
        ]
        kept += [
            st.replace(street, line=shapely.LineString(np.round(part.coords, 3)))
            for part in parts
            if part.length > 0.5
        ]
    town.streets[:] = st.connected(kept)


def _streets(town: Ground) -> gpd.GeoDataFrame:
    order = {
        name: rank
        for rank, name in enumerate(("main", "secondary", "branch", "lane", "path", "steps", "elevated"))
    }
    streets = sorted(town.streets, key=lambda s: (order[s.street_class], s.name, s.line.coords[0]))
    rows = [
        {
            "name": s.name,
            "street_class": s.street_class,
            "width_m": s.width_m,
            "level": s.level,
            "is_bridge": s.is_bridge,
            "is_tunnel": False,
            "is_steps": s.is_steps and s.is_bridge,
            "is_walkable": s.is_walkable,
        }
        for s in streets
    ]
    return frame(rows, [s.line for s in streets], "S")


def _buildings(town: Ground) -> gpd.GeoDataFrame:
    buildings = sorted(
        town.site.buildings, key=lambda b: (round(b.shape.centroid.x / 100), b.shape.centroid.y)
    )
    rows = [
        {
            "name": b.name or None,
            "use": b.use,
            "status": evidence.status_of(b),
            "floor_count": b.floor_count,
            "built_year": b.built_year,
        }
        for b in buildings
    ]
    table = frame(rows, [b.shape for b in buildings], "B")
    counts = people.counts(buildings, town.site.rng)
    shown = evidence.columns(buildings, counts["household_count"].to_numpy(), town.site.rng)
    both = pd.concat([table.drop(columns="geometry"), shown, counts], axis=1)
    return gpd.GeoDataFrame(both, geometry=table.geometry, crs=CRS)


def _greens(town: Ground, area: Polygon, ponds: list[Polygon]) -> list[Green]:
    greens = [*town.site.greens, *greenery.verges(town, area)]
    used = shapely.union_all([*ponds, *[b.shape for b in town.site.buildings]])
    return [replace(green, shape=geo.largest(green.shape.difference(used))) for green in greens]


def _green_layer(greens: list[Green]) -> gpd.GeoDataFrame:
    rows = [{"name": green.name, "green_type": green.green_type} for green in greens]
    return frame(rows, [green.shape for green in greens], "G")


def _water(
    town: Ground, extent: Polygon, ponds: list[Polygon], park_ponds: list[Polygon]
) -> gpd.GeoDataFrame:
    border = extent.buffer(60.0)
    rivers = [
        (w.name, w.water_type, geo.largest(shapely.intersection(w.shape, border, grid_size=geo.GRID_M)))
        for w in town.waters
    ]
    rows = [{"name": name, "water_type": kind} for name, kind, _ in rivers]
    rows += [{"name": None, "water_type": "pond"} for _ in [*ponds, *park_ponds]]
    return frame(rows, [*[shape for _, _, shape in rivers], *ponds, *park_ponds], "W")


def _compounds(town: Ground) -> gpd.GeoDataFrame:
    rows = [{"name": c.name, "compound_type": c.compound_type} for c in town.site.compounds]
    return frame(rows, [c.shape for c in town.site.compounds], "C")


def _gates(town: Ground) -> gpd.GeoDataFrame:
    rows, spots = [], []
    walked = STRtree([s.line for s in town.streets if s.is_walkable])
    for number, compound in enumerate(town.site.compounds, start=1):
        kept = [
            gate
            for gate in compound.gates
            if len(walked.query(gate[0].buffer(0.002), predicate="intersects"))
        ]
        for place, (spot, is_open) in enumerate(kept):
            label = ("大门", "侧门", "后门", "边门")[min(place, 3)]
            rows.append(
                {"name": f"{compound.name}{label}", "is_open": is_open, "compound_id": f"C{number:03d}"}
            )
            spots.append(spot)
    return frame(rows, spots, "D")


def _barriers(town: Ground) -> gpd.GeoDataFrame:
    """Return hoardings around vacant land and the fence along the elevated road, open where streets pass."""
    gaps = shapely.union_all([s.line.buffer(s.width_m / 2 + 2) for s in town.streets if s.level == 0])
    lines, rows = [], []
    for plot in town.plots:
        if plot.kind == "vacant":
            line = geo.longest(
                geo.largest(plot.shape.buffer(-1.5))
                .exterior.difference(gaps)
                .difference(town.site.water.buffer(6))
            )
            if line.length > 25:
                lines.append(geo.simplify(line, 0.3))
                rows.append({"barrier_type": "wall"})
    area = areas.built_up(town)
    for aside in (14.5, -14.5):
        side = (
            town.elevated.line.offset_curve(aside)
            .intersection(area)
            .difference(gaps)
            .difference(town.site.water.buffer(3))
        )
        for part in shapely.get_parts(side):
            if part.geom_type == "LineString" and part.length > 90:
                lines.append(geo.simplify(part, 0.3))
                rows.append({"barrier_type": "fence"})
    return frame(rows, lines, "H")


def _blocks(blocks: list[tuple[int, str, str, Polygon]]) -> gpd.GeoDataFrame:
    rows = [{"name": name, "block_no": number, "renewal_type": kind} for number, name, kind, _ in blocks]
    return frame(rows, [shape for *_, shape in blocks], "K")


def _planning(town: Ground, area: Polygon, extent: Polygon, parcels: pd.DataFrame) -> Layers:
    """Return what planning lays over the town."""
    plans = {
        "farmland_protected": (controls.farmland_protected(area, parcels), "P"),
        "redlines": (controls.redlines(town, extent), "R"),
        "river_control": (controls.river_control(town, extent), "V"),
        "heritage": (controls.heritage(town), "L"),
    }
    return {name: _framed(found, prefix) for name, (found, prefix) in plans.items()}


def _trees(town: Ground, area: Polygon) -> gpd.GeoDataFrame:
    trees = greenery.trees(town, area)
    rows = [{"species": species, "crown_m": crown} for _, species, crown in trees]
    return frame(rows, [spot for spot, _, _ in trees], "T")
