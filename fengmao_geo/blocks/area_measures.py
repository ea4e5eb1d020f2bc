"""What lies in areas: spaces, stock, people, who lacks something, who gains, and what marks their type."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from fengmao_geo.blocks.located import usable_spaces
from fengmao_geo.network.attach import attach
from fengmao_geo.network.travel import reached_pairs
from fengmao_geo.standards.figures import figure_standard

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from fengmao_geo.life_circle.circles import LifeCircles
    from fengmao_geo.results import Results
    from fengmao_geo.town.town import Town

    Geometries = NDArray[np.object_]
    Numbers = NDArray[np.float64]
    Indices = NDArray[np.intp]
    Flags = NDArray[np.bool_]

__all__ = ["area_measures", "potential", "type_signs"]


def potential(results: Results, areas: Geometries) -> dict[str, Numbers]:
    """Measure what should come together in a renewal block.

    Parameters
    ----------
    results
        What was computed.
    areas
        Polygons that share no ground, shape ``(n,)``.

    Returns
    -------
    dict
        ``spaces``: their number, idle and low-yield stock aside; ``stock``: its ground in m²; ``gaps``: for
        each required type that the catalogue asks for within the circle, the people who lack it. What was not
        computed is not there.
    """
    found: dict[str, Numbers] = {}
    spaces = usable_spaces(results)
    if spaces is not None:
        is_stock = (spaces["family"] == "stock").to_numpy()
        found["spaces"] = _tally(areas, _inside(spaces[~is_stock]), np.ones((~is_stock).sum()))
        found["stock"] = _covered_m2(areas, spaces[is_stock].geometry.to_numpy())
    if results.circles is not None:
        homes, _, lacked = _lacking(results.circles)
        found["gaps"] = _tally(areas, _inside(homes), np.nan_to_num(homes["people"].to_numpy(float)) * lacked)
    return found


def area_measures(results: Results, areas: Geometries) -> pd.DataFrame:
    """Measure areas for the table of proposed blocks.

    Parameters
    ----------
    results
        What was computed.
    areas
        Polygons, shape ``(n,)``.

    Returns
    -------
    DataFrame
        ``area_m2``, ``space_count`` (spaces by a point inside), ``space_m2`` and ``stock_m2`` (ground of all
        spaces, and of idle and low-yield stock among them, overlaps once), ``people``, ``lacking_people``
        (who lack a required type within the circle) and ``gained_people`` (who live within a short walk of
        one of the spaces); missing where it is not known.
    """
    unknown = np.full(len(areas), np.nan)
    found = {"area_m2": shapely.area(areas), "space_count": np.zeros(len(areas), dtype=np.int64)}
    found |= dict.fromkeys(("space_m2", "stock_m2", "people", "lacking_people", "gained_people"), unknown)
    spaces = usable_spaces(results)
    if spaces is not None:
        is_stock = (spaces["family"] == "stock").to_numpy()
        found["space_count"] = _tally(areas, _inside(spaces), np.ones(len(spaces))).astype(np.int64)
        found["space_m2"] = _covered_m2(areas, spaces.geometry.to_numpy())
        found["stock_m2"] = _covered_m2(areas, spaces[is_stock].geometry.to_numpy())
    if results.circles is not None and results.circles.people_basis == "people":
        homes, is_lacking, _ = _lacking(results.circles)
        people = np.nan_to_num(homes["people"].to_numpy(float))
        found["people"] = _tally(areas, _inside(homes), people)
        found["lacking_people"] = _tally(areas, _inside(homes), people * is_lacking)
        found["gained_people"] = _gained(results, areas, homes, people)
    return pd.DataFrame(found)


def _lacking(circles: LifeCircles) -> tuple[gpd.GeoDataFrame, Flags, Numbers]:
    """List the dwellings, which of them lack a required type, and how many types each lacks."""
    wanted = figure_standard("proposals").figure("gap_min")
    limit_min = wanted if wanted in circles.minutes else max(circles.minutes)
    rows = circles.coverage
    rows = rows[(rows["limit_min"] == limit_min) & (rows["group"] == "everyone")].set_index("dwelling_id")
    rows = rows.reindex(circles.dwellings["dwelling_id"])
    lacked = rows["asked_count"] - rows["reached_count"] - rows["unknown_count"]
    is_lacking = (rows["status"] == "unreached").to_numpy(dtype=bool)
    return circles.dwellings, is_lacking, np.nan_to_num(lacked.to_numpy(dtype=float))


def _gained(results: Results, areas: Geometries, homes: gpd.GeoDataFrame, people: Numbers) -> Numbers:
    """Count the people who live within a short walk of a space in each area, each once."""
    spaces = usable_spaces(results)
    if results.network is None or spaces is None or results.circles is None:
        return np.full(len(areas), np.nan)
    space, area = _pairs(areas, _inside(spaces))
    inside = spaces.iloc[np.unique(space)]
    if not len(inside):
        return np.zeros(len(areas))
    walker = results.circles.walker
    near_m = figure_standard("proposals").figure("near_min") * walker.speed_m_min
    ids = inside[["space_id", "geometry"]].rename(columns={"space_id": "id"}).sort_values("id", kind="stable")
    places = homes[["dwelling_id", "geometry"]].rename(columns={"dwelling_id": "id"})
    places = places.sort_values("id", kind="stable")
    pairs = reached_pairs(
        results.network,
        attach(results.network, places),
        attach(results.network, ids, is_ground=True),
        limit_m=near_m * (1 + 1e-9),
        walker=walker,
    )
    walks = pd.DataFrame({"home": pairs.origin, "space": ids["id"].to_numpy()[pairs.destination]})
    lies = pd.DataFrame({"space": spaces["space_id"].to_numpy()[space], "area": area})
    once = walks.merge(lies, on="space").drop_duplicates(["home", "area"])
    order = np.argsort(homes["dwelling_id"].to_numpy(), kind="stable")
    return np.bincount(once["area"], weights=people[order][once["home"]], minlength=len(areas)).astype(float)


def type_signs(results: Results, areas: Geometries) -> dict[str, Numbers]:
    """Say how many times as dense as in all of the town the sign of each renewal type lies in areas.

    Signs are the ground of shops and houses with shops (street block), of walk-ups of old estates, of
    leftover and grey spaces (public space), of idle and low-yield stock, of farmland spaces (urban-rural),
    and of old buildings and heritage zones (feature block).

    Parameters
    ----------
    results
        What was computed.
    areas
        Polygons, shape ``(n,)``.

    Returns
    -------
    dict
        Renewal type, then the ratio for each area; 0 where the town has no such sign.
    """
    built_up = np.array([shapely.union_all(results.town["built_up"].geometry.to_numpy())])
    everywhere = np.concatenate([built_up, areas])
    area_m2 = shapely.area(everywhere)
    found = {}
    for name, shapes in _signs(results).items():
        density = _covered_m2(everywhere, shapes) / area_m2
        found[name] = density[1:] / density[0] if density[0] > 0 else np.zeros(len(areas))
    return found


def _signs(results: Results) -> dict[str, Geometries]:
    town, none = results.town, np.zeros(0, dtype=object)
    figure = figure_standard("proposals").figure
    of_family = dict.fromkeys(("leftover", "grey", "stock", "farmland"), none)
    spaces = usable_spaces(results)
    if spaces is not None:
        family = spaces["family"].to_numpy()
        of_family = {name: spaces.geometry.to_numpy()[family == name] for name in of_family}
    shops = estates = old = none
    if "buildings" in town:
        buildings = town["buildings"]
        use = _column(buildings, "use")
        year = pd.to_numeric(_column(buildings, "built_year")).to_numpy(dtype=float)
        floors = pd.to_numeric(_column(buildings, "floor_count")).to_numpy(dtype=float)
        is_estate = (use == "residential") & (year <= figure("estate_built_year"))
        shapes = buildings.geometry.to_numpy()
        shops = shapes[use.isin(("commercial", "mixed")).to_numpy()]
        estates = shapes[is_estate.to_numpy() & (floors >= figure("estate_floors_count"))]
        old = shapes[year <= figure("historic_built_year")]
    return {
        "street_block": shops,
        "old_estate": estates,
        "public_space": np.concatenate([of_family["leftover"], of_family["grey"]]),
        "stock_asset": of_family["stock"],
        "urban_rural": of_family["farmland"],
        "feature_block": np.concatenate([old, _zones(town)]),
    }


def _zones(town: Town) -> Geometries:
    return town["heritage"].geometry.to_numpy() if "heritage" in town else np.zeros(0, dtype=object)


def _column(frame: pd.DataFrame, name: str) -> pd.Series:
    return frame[name] if name in frame else pd.Series(np.nan, index=frame.index, dtype=object)


def _inside(layer: gpd.GeoDataFrame) -> Geometries:
    return np.asarray(shapely.point_on_surface(layer.geometry.to_numpy()), dtype=object)


def _pairs(areas: Geometries, points: Geometries) -> tuple[Indices, Indices]:
    """List points and the areas they lie in; one on the line between two lies in the first."""
    row, area = shapely.STRtree(areas).query(points, predicate="intersects")
    order = np.lexsort((area, row))
    row, first = np.unique(row[order], return_index=True)
    return row, area[order][first]


def _tally(areas: Geometries, points: Geometries, weights: Numbers) -> Numbers:
    row, area = _pairs(areas, points)
    return np.bincount(area, weights=weights[row], minlength=len(areas)).astype(float)


def _covered_m2(areas: Geometries, shapes: Geometries) -> Numbers:
    """Measure how much of each area shapes cover, overlaps once."""
    row, area = shapely.STRtree(shapes).query(areas, predicate="intersects")
    parts = pd.Series(shapely.intersection(areas[row], shapes[area]), dtype=object)
    whole = parts[shapely.area(parts.to_numpy()) > 0].groupby(row[shapely.area(parts.to_numpy()) > 0])
    covered_m2 = np.zeros(len(areas))
    for at, group in whole:
        covered_m2[at] = shapely.area(shapely.union_all(group.to_numpy()))
    return covered_m2
