"""What firms yield per mu of the parcels they stand on, and the plots that yield little."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from fengmao_geo.findings import Finding
from fengmao_geo.spaces.inventory import column_of, pairs
from fengmao_geo.standards.spaces import space_kinds
from fengmao_geo.tables import GRADES, RESULTS
from fengmao_geo.units import mu, per_mu

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from fengmao_geo.standards.spaces import SpaceKinds
    from fengmao_geo.town.town import Town

__all__ = ["firm_parcels", "low_yield_plots", "yield_findings", "yield_per_mu"]

_KIND = "low_yield_plot"
_AMOUNTS = ("tax_wan", "revenue_wan")


def firm_parcels(town: Town) -> NDArray[np.intp]:
    """Say on which parcel each firm stands: by the parcel's id, failing that by where the firm is.

    Parameters
    ----------
    town
        The town.

    Returns
    -------
    array of int, shape ``(firms,)``
        The row of the parcel; -1 where there is none.
    """
    if "firms" not in town or "parcels" not in town:
        return np.full(len(town["firms"]) if "firms" in town else 0, -1, dtype=np.intp)
    firms, parcels = town["firms"], town["parcels"]
    ids = pd.Index(parcels["id"].astype(object))
    rows = np.asarray(ids.get_indexer(column_of(firms, "parcel_id", is_text=True)), dtype=np.intp)
    lost = np.flatnonzero(rows < 0)
    points = shapely.point_on_surface(firms.geometry.to_numpy()[lost])
    of, hit = shapely.STRtree(parcels.geometry.to_numpy()).query(points, predicate="intersects")
    order = np.lexsort((hit, of))
    first = order[np.flatnonzero(np.diff(of[order], prepend=-1))]
    rows[lost[of[first]]] = hit[first]
    return rows


def yield_per_mu(town: Town, *, kinds: str | Path | SpaceKinds | None = None) -> pd.DataFrame:
    """Work out the tax and revenue of firms per mu of each parcel.

    A parcel's amount is unknown as soon as that of one of its firms is: part of a sum is not the sum. Its
    area is measured, not taken from a column. Its class is that of its firms where they all have the same;
    where none has one, the thresholds ``grade_a_tax_wan_per_mu`` (and b, c) that the user has set give it.

    Parameters
    ----------
    town
        The town, with the layers ``firms`` and ``parcels``.
    kinds
        Kinds of space with the user's own figures; by default the shipped ones.

    Returns
    -------
    DataFrame
        Per parcel with firms: ``parcel_id``, ``area_mu``, ``firm_count``, ``tax_wan``, ``revenue_wan``
        (10,000 yuan), ``tax_wan_per_mu``, ``revenue_wan_per_mu``, ``grade`` (A to D or unknown).
    """
    placed = firm_parcels(town)
    rows = np.unique(placed[placed >= 0])
    parcels = town["parcels"].iloc[rows] if "parcels" in town else gpd.GeoDataFrame({"id": []}, geometry=[])
    firms = town["firms"][placed >= 0] if "firms" in town else pd.DataFrame(index=[])
    of = np.searchsorted(rows, placed[placed >= 0])
    area_m2 = shapely.area(parcels.geometry.to_numpy())
    table = pd.DataFrame(
        {
            "parcel_id": parcels["id"].to_numpy(dtype=object),
            "area_mu": mu(area_m2),
            "firm_count": np.bincount(of, minlength=len(rows)),
        }
    )
    amounts = {name: _sums(column_of(firms, name), of, len(rows)) for name in _AMOUNTS}
    table = table.assign(
        **amounts, **{f"{name}_per_mu": per_mu(value, area_m2) for name, value in amounts.items()}
    )
    grade = _common_grade(column_of(firms, "grade", is_text=True), of, len(rows))
    own = _graded(table["tax_wan_per_mu"], space_kinds(kinds))
    # Thresholds class only what no firm of the parcel has a class for.
    rated = np.bincount(of, weights=column_of(firms, "grade", is_text=True).notna(), minlength=len(rows)) > 0
    return RESULTS["yield_per_mu"].check(table.assign(grade=grade.where(rated, own)))


def _sums(values: pd.Series, of: NDArray[np.intp], count: int) -> NDArray[np.float64]:
    return np.bincount(of, weights=values.to_numpy(dtype=float), minlength=count).astype(float)


def _common_grade(grades: pd.Series, of: NDArray[np.intp], count: int) -> pd.Series:
    """Give the class that all firms of a parcel have; unknown where they differ or one has none."""
    grouped = grades.groupby(of)
    is_one = (grouped.min() == grouped.max()) & (grouped.count() == grouped.size())
    return grouped.first().where(is_one, np.nan).reindex(range(count)).astype(object)


def _graded(tax_wan_per_mu: pd.Series, kinds: SpaceKinds) -> pd.Series:
    """Class parcels by the user's thresholds, all three of which must be set."""
    limits = [kinds.own_figure(f"grade_{name}_tax_wan_per_mu", _KIND) for name in "abc"]
    grade = pd.Series(np.nan, index=tax_wan_per_mu.index, dtype=object)
    if any(limit is None for limit in limits):
        return grade
    known = tax_wan_per_mu.notna()
    reached = np.sum([tax_wan_per_mu >= limit for limit in limits], axis=0)
    return (
        pd.Series(len(limits) - reached, index=tax_wan_per_mu.index)
        .map(dict(enumerate(GRADES)))
        .where(known, np.nan)
        .astype(object)
    )


def yield_findings(town: Town, *, kinds: SpaceKinds) -> list[Finding]:
    """List why yields are not known: layers and columns that are absent, firms on no parcel, no threshold.

    Parameters
    ----------
    town
        The town.
    kinds
        The kinds of space.

    Returns
    -------
    list of Finding
        The findings.
    """
    if lacking := [layer for layer in ("firms", "parcels") if layer not in town]:
        return [Finding("yield_unknown", "firms", values={"columns": ", ".join(lacking)})]
    firms = town["firms"]
    found = []
    lost = int((firm_parcels(town) < 0).sum())
    if lost:
        found.append(Finding("firm_unplaced", "firms", values={"count": lost}))
    if not {*_AMOUNTS, "grade"} & set(firms.columns):
        found.append(Finding("yield_unknown", "firms", values={"columns": ", ".join((*_AMOUNTS, "grade"))}))
    elif "grade" not in firms.columns and not _has_threshold(kinds):
        found.append(Finding("yield_unjudged", "firms", column="grade"))
    return found


def _has_threshold(kinds: SpaceKinds) -> bool:
    limits = [limit for _, limit in _limits(kinds)]
    grades = [kinds.own_figure(f"grade_{grade}_tax_wan_per_mu", _KIND) for grade in "abc"]
    return any(limit is not None for limit in limits) or None not in grades


def _limits(kinds: SpaceKinds) -> list[tuple[str, float | None]]:
    """List what a parcel must yield per mu, as far as the user has said it."""
    mean = kinds.own_figure("county_mean_tax_wan_per_mu", _KIND)
    share = kinds.figure("county_mean_share", _KIND)
    return [
        ("tax_wan_per_mu", kinds.own_figure("low_tax_wan_per_mu", _KIND)),
        ("tax_wan_per_mu", None if mean is None else share * mean),
        ("revenue_wan_per_mu", kinds.own_figure("low_revenue_wan_per_mu", _KIND)),
    ]


def low_yield_plots(town: Town, *, kinds: SpaceKinds) -> gpd.GeoDataFrame:
    """List the parcels that yield little by the user's thresholds, or whose firms are all of class D.

    It is a suspicion always: who certifies a plot is the local government.

    Parameters
    ----------
    town
        The town.
    kinds
        The kinds of space, with the user's own figures.

    Returns
    -------
    GeoDataFrame
        ``kind, certainty, rule, evidence, source_layer, source_id, source_name, geometry``.
    """
    table = yield_per_mu(town, kinds=kinds)
    tests = [("grade=D", (table["grade"] == GRADES[-1]).to_numpy())]
    tests += [
        (f"{name}<{limit:.6g}", (table[name] < limit).to_numpy())
        for name, limit in _limits(kinds)
        if limit is not None
    ]
    rule = np.select([hit for _, hit in tests], [text for text, _ in tests], default="")
    low = np.flatnonzero(rule != "")
    shown = table.iloc[low].drop(columns="parcel_id").round(3)
    parcels = town["parcels"].set_index("id").loc[table["parcel_id"].iloc[low]] if len(low) else None
    return gpd.GeoDataFrame(
        {
            "kind": _KIND,
            "certainty": "suspected",
            "rule": rule[low],
            "evidence": pairs({str(name): shown[name].tolist() for name in shown}, count=len(low)),
            "source_layer": "parcels",
            "source_id": table["parcel_id"].iloc[low].to_numpy(),
            "source_name": [] if parcels is None else column_of(parcels, "name", is_text=True).to_numpy(),
        },
        geometry=[] if parcels is None else parcels.geometry.to_numpy(),
        crs=town.crs,
    )
