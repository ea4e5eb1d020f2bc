"""The ground drawn by service areas beside the exact table of buildings reached: how far the two disagree.

For a seeded sample of facilities, on the sample town and on Vologda (`../shared/data/vologda`), grounds of 5
and 15 minutes are drawn without and with the buildings, and every footprint is measured against them:

- error 1: the share of a reached footprint that lies outside the ground;
- error 2: the share of an unreached footprint that lies inside it.

README.md says what each column is.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

import fengmao_geo as fg

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Geometries = NDArray[np.object_]

VOLOGDA = Path(__file__).resolve().parents[2] / "shared" / "data" / "vologda"
VOLOGDA_CRS = "EPSG:32637"
SEED = 20240601
MINUTES = (5, 15)
# Less than this in common is drawing, neither overlap nor touch.
DRAWING_M2 = 0.01
ERRORS = ("overall", "mean", "over half", "worst")
REACHED = ("town", "minutes", "drawn", "reached", *(f"outside, {name}" for name in ERRORS))
UNREACHED = ("town", "minutes", "drawn", "touched", *(f"inside, {name}" for name in ERRORS), "of all inside")


class Place(NamedTuple):
    """A town to measure: what is walked on, footprints and facilities, each with an ``id``."""

    name: str
    network: fg.WalkNetwork
    footprints: gpd.GeoDataFrame
    facilities: gpd.GeoDataFrame


def sample_place() -> Place:
    town = fg.sample_town()
    return Place("Shuixiang", fg.walk_network(town), town["buildings"], town["facilities"])


def vologda_place() -> Place:
    """Streets, residential buildings, and schools and kindergartens that have a geometry."""
    streets = gpd.read_parquet(VOLOGDA / "roads.parquet").to_crs(VOLOGDA_CRS)
    buildings = gpd.read_parquet(VOLOGDA / "buildings.parquet")
    homes = buildings[buildings["is_living"]][["geometry"]]
    kinds = [
        gpd.read_parquet(VOLOGDA / f"{kind}.parquet")[["geometry"]] for kind in ("kindergarten", "school")
    ]
    facilities = pd.concat(kinds, ignore_index=True)
    facilities = facilities[facilities.geometry.notna() & ~facilities.geometry.is_empty]
    return Place("Vologda", fg.walk_network(streets), _numbered(homes, "h"), _numbered(facilities, "f"))


def _numbered(table: gpd.GeoDataFrame, letter: str) -> gpd.GeoDataFrame:
    return table.assign(id=[f"{letter}{row:05}" for row in range(len(table))])


def sampled(facilities: gpd.GeoDataFrame, count: int) -> gpd.GeoDataFrame:
    """Choose facilities whatever the order of their rows."""
    in_order = facilities.sort_values("id")
    rows = np.random.default_rng(SEED).choice(len(in_order), min(count, len(in_order)), replace=False)
    return in_order.iloc[np.sort(rows)]


def overlapping(shapes: Geometries) -> NDArray[np.bool_]:
    """Say which footprints share ground with another."""
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    one, other = one[one != other], other[one != other]
    is_shared = shapely.area(shapely.intersection(shapes[one], shapes[other])) > DRAWING_M2
    return np.isin(np.arange(len(shapes)), one[is_shared])


def measured(place: Place, origins: gpd.GeoDataFrame, *, with_buildings: bool) -> pd.DataFrame:
    """Measure every footprint that is reached or that the ground touches.

    Returns
    -------
    DataFrame
        ``limit_min, area_m2, is_reached, is_overlapping, inside_m2``: a row per origin, limit and footprint.
    """
    shapes, ids = place.footprints.geometry.to_numpy(), place.footprints["id"].to_numpy()
    table = fg.travel_times(place.network, place.footprints, origins, limit_min=max(MINUTES))
    grounds = fg.service_areas(
        place.network, origins, minutes=MINUTES, buildings=place.footprints if with_buildings else None
    )
    tree, shared, found = shapely.STRtree(shapes), overlapping(shapes), []
    for origin, limit, ground in zip(
        grounds["origin_id"], grounds["limit_min"], grounds.geometry, strict=True
    ):
        is_in_time = table["travel_min"] <= limit * (1 + 1e-9)
        is_reached = np.isin(ids, table["origin_id"][(table["destination_id"] == origin) & is_in_time])
        shapely.prepare(ground)
        touched = tree.query(ground, predicate="intersects")
        row = np.union1d(np.flatnonzero(is_reached), touched)
        inside = shapely.area(shapely.intersection(shapes[row], ground))
        parts = {"is_reached": is_reached[row], "is_overlapping": shared[row], "inside_m2": inside}
        found.append(pd.DataFrame({"limit_min": limit, "area_m2": shapely.area(shapes[row]), **parts}))
    return pd.concat(found, ignore_index=True)


def reached_errors(rows: pd.DataFrame) -> tuple[str, ...]:
    """Say how much of reached footprints lies outside."""
    reached = rows[rows["is_reached"]]
    outside_m2 = (reached["area_m2"] - reached["inside_m2"]).clip(lower=0)
    return f"{len(reached):,}", *_errors(outside_m2, reached["area_m2"])


def unreached_errors(rows: pd.DataFrame) -> tuple[str, ...]:
    """Say how much of unreached footprints lies inside, of those that the ground touches."""
    touched = rows[~rows["is_reached"] & (rows["inside_m2"] > DRAWING_M2)]
    of_all = touched["inside_m2"].sum() / rows["inside_m2"].sum()
    return f"{len(touched):,}", *_errors(touched["inside_m2"], touched["area_m2"]), f"{of_all:.1%}"


def _errors(wrong_m2: pd.Series, area_m2: pd.Series) -> tuple[str, ...]:
    if wrong_m2.empty:
        return ("0.0%",) * len(ERRORS)
    share = wrong_m2 / area_m2
    values = (wrong_m2.sum() / area_m2.sum(), share.mean(), (share > 0.5).mean(), share.max())
    return tuple(f"{value:.1%}" for value in values)


def law(place: Place, rows: pd.DataFrame) -> str:
    """Check the grounds drawn with buildings on footprints that share no ground with another."""
    alone = rows[~rows["is_overlapping"]]
    inside = alone["inside_m2"] / alone["area_m2"]
    least, most = inside[alone["is_reached"]].min(), inside[~alone["is_reached"]].max()
    shared = overlapping(place.footprints.geometry.to_numpy()).sum()
    verdict = "holds" if least >= 0.99 and most <= 0.01 else "IS BROKEN"
    return (
        f"- {place.name}: {len(place.footprints):,} footprints, {shared:,} of them overlapping. With "
        f"buildings at least {least:.1%} of each reached footprint is inside and at most {most:.1%} "
        f"of each unreached one: the law {verdict}."
    )


def report(places: list[Place], count: int) -> Iterator[str]:
    """Lay out both errors of every town, and whether the law holds."""
    reached, unreached, laws = [REACHED], [UNREACHED], []
    for place in places:
        origins = sampled(place.facilities, count)
        for drawn in ("without", "with"):
            rows = measured(place, origins, with_buildings=drawn == "with")
            for limit, of_limit in rows.groupby("limit_min"):
                head = (place.name, f"{limit:g}", f"{drawn} buildings")
                reached.append((*head, *reached_errors(of_limit)))
                unreached.append((*head, *unreached_errors(of_limit)))
        laws.append(law(place, rows))
    for table in (reached, unreached):
        yield from _markdown(table)
    yield from laws


def _markdown(table: list[tuple[str, ...]]) -> Iterator[str]:
    head, *rows = table
    for cells in (head, ("---", *("---:" for _ in head[1:])), *rows):
        yield f"| {' | '.join(cells)} |"
    yield ""


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Measure grounds against the buildings reached; prints Markdown."
    )
    parser.add_argument("--origins", type=int, default=60, help="facilities of each town (60)")
    options = parser.parse_args()
    places = [sample_place()]
    if VOLOGDA.exists():
        places.append(vologda_place())
    print("\n".join(report(places, options.origins)))
    if not VOLOGDA.exists():
        print(f"- {VOLOGDA.name}: skipped, it is not in ../shared/data beside the project")


if __name__ == "__main__":
    main()
