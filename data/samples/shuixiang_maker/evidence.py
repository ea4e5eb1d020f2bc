"""What shows that a building is used: status, lease and electricity; and the firms on the parcels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from shuixiang_maker.names import FIRM_NAMES, TRADES

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely import Point

    from shuixiang_maker.site import Building
    from shuixiang_maker.town import Ground

HOUSEHOLD_KWH = 2_300.0
SHOP_KWH_M2 = 48.0
WORKS_KWH_M2 = 65.0
METERED_SHARE = 0.93
IDLE_HOUSES = 5
QUIET_HOUSES = 5
MU_M2 = 10_000 / 15
#: Tax per mu in 10,000 yuan of the classes A to D, as drawn for the firms of one parcel.
TAX_WAN_PER_MU = ((26.0, 40.0), (12.0, 18.0), (5.0, 8.0), (0.4, 2.2))


def settle(buildings: list[Building], spots: list[Point], rng: np.random.Generator) -> None:
    """Empty a few old and village houses near the spots: some known to be idle, of some nothing is known."""
    houses = [
        b
        for b in buildings
        if b.dwelling in {"old", "village"} and b.use == "residential" and b.shape.area > 60
    ]
    near = [b for b in houses if min(b.shape.distance(spot) for spot in spots) < 320]
    for rank, number in enumerate(rng.permutation(len(near))[: IDLE_HOUSES + QUIET_HOUSES].tolist()):
        near[number].status = "idle" if rank < IDLE_HOUSES else "quiet"
        near[number].dwelling = ""


def columns(
    buildings: list[Building], households: NDArray[np.int64], rng: np.random.Generator
) -> pd.DataFrame:
    """Return the lease and the electricity of a year, both unknown where nobody read them."""
    return pd.DataFrame(
        [_evidence(b, int(count), rng) for b, count in zip(buildings, households, strict=True)],
        columns=["lease", "electricity_kwh"],
    )


def _evidence(building: Building, households: int, rng: np.random.Generator) -> tuple[str | None, float]:
    floor_m2 = building.shape.area * building.floor_count
    if building.status == "quiet":
        return None, np.nan
    if building.status == "idle":
        is_read = rng.random() < 0.8
        return "ended" if rng.random() < 0.7 else None, float(rng.integers(0, 60)) if is_read else np.nan
    per_m2 = {"industrial": WORKS_KWH_M2, "warehouse": 20.0, "commercial": SHOP_KWH_M2, "mixed": 30.0}
    demand = households * HOUSEHOLD_KWH + floor_m2 * per_m2.get(building.use, 0.0)
    kwh = float(round(demand * rng.uniform(0.6, 1.4), -1)) if demand else np.nan
    lease = None
    if building.use in {"commercial", "mixed", "industrial"}:
        lease = str(rng.choice(["let", "own"], p=[0.6, 0.4]))
    return lease, kwh if rng.random() < METERED_SHARE else np.nan


def status_of(building: Building) -> str | None:
    """Return the status as a survey has it: none for houses that nobody asked about."""
    return None if building.status == "quiet" else building.status


def firms(town: Ground, parcels: pd.DataFrame) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Return the firms, each with its parcel's number (a few figures missing), and the parcels of class D."""
    rng = np.random.default_rng(len(town.plots) + 1)
    works = parcels[parcels["kind"].isin(["factory", "mixed", "grain"])].reset_index(drop=True)
    counts = [_how_many(row, rng) for row in zip(works["kind"], works["TBMJ"], strict=True)]
    classes = _classes(counts, rng)
    rows, spots, poor = [], [], []
    for number, count in enumerate(counts):
        shape, code = works["geometry"][number], works["TBBH"][number]
        least, most = TAX_WAN_PER_MU[classes[number]]
        poor += [code] if classes[number] == 3 else []
        tax = shape.area / MU_M2 * rng.uniform(least, most)
        shares = rng.dirichlet(np.full(count, 4.0)) if count else ()
        for share, spot in zip(shares, _places(town, shape, count, rng), strict=True):
            rows.append(_firm(len(rows), code, tax * share, rng) | {"grade": "ABCD"[classes[number]]})
            spots.append(spot)
    table = pd.DataFrame(rows)
    able = table.index[~table["parcel_id"].isin(poor)].to_numpy()
    table.loc[rng.choice(able, 3, replace=False), "tax_wan"] = np.nan
    table.loc[int(rng.choice(able)), "parcel_id"] = None
    return gpd.GeoDataFrame(table, geometry=spots), poor


def _classes(counts: list[int], rng: np.random.Generator) -> list[int]:
    """Return a class of tax for each parcel: all four in turn, shuffled over the parcels that have firms."""
    have_count = sum(count > 0 for count in counts)
    drawn = iter(rng.permutation(np.resize([0, 1, 2, 3], len(counts))[:have_count]).tolist())
    return [int(next(drawn)) if count else 0 for count in counts]


def _how_many(row: tuple[str, float], rng: np.random.Generator) -> int:
    kind, area_m2 = row
    if kind == "factory":
        return int(np.clip(area_m2 // 7_000 + rng.integers(0, 2), 3, 5))
    return 1 if kind == "mixed" and rng.random() < 0.8 else 0


def _places(town: Ground, shape: shapely.Polygon, count: int, rng: np.random.Generator) -> list[Point]:
    """Return a spot per firm inside the largest buildings of a parcel, else on the parcel."""
    inside = [b.shape for b in town.site.buildings if shape.contains(b.shape)]
    largest = sorted(inside, key=lambda s: (-s.area, s.bounds))[:count]
    spots = [s.representative_point() for s in largest]
    while len(spots) < count:
        spots.append(
            shapely.Point(shape.representative_point().x + rng.uniform(-3, 3), shape.representative_point().y)
        )
    return [shapely.Point(round(p.x, 3), round(p.y, 3)) for p in spots]


def _firm(number: int, parcel_id: str, tax_wan: float, rng: np.random.Generator) -> dict[str, object]:
    revenue = tax_wan / rng.uniform(0.025, 0.07)
    stem = FIRM_NAMES[number % len(FIRM_NAMES)]
    turn = number // len(FIRM_NAMES)
    return {
        "name": f"水乡镇{stem}{TRADES[(number + turn) % len(TRADES)]}有限公司",
        "parcel_id": parcel_id,
        "tax_wan": round(tax_wan, 2),
        "revenue_wan": round(revenue, 1),
        "electricity_kwh": float(round(revenue * rng.uniform(150, 900), -2)),
    }


def nearest_spots(town: Ground, names: tuple[str, ...]) -> list[Point]:
    """Return the middle of the plots of these names."""
    return [plot.shape.centroid for plot in town.plots if plot.name in names]
