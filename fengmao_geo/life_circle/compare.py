"""What changes between two life circles of one town: who gains, who loses, and what is no longer known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from fengmao_geo.errors import UsageError
from fengmao_geo.life_circle.coverage import people_rows
from fengmao_geo.life_circle.tiers import Tiers
from fengmao_geo.tables import RESULTS
from fengmao_geo.tables.what_if import CHANGES

if TYPE_CHECKING:
    from fengmao_geo.life_circle.circles import LifeCircles

__all__ = ["KEYS", "compare", "dwelling_changes", "people_changes"]

#: What names a row of people.
KEYS = ["dwelling_id", "limit_min", "facility_type", "group"]


def compare(before: LifeCircles, after: LifeCircles) -> pd.DataFrame:
    """Count who gains and who loses between two life circles of the same dwellings.

    People gain a type when they did not reach it and now do; they lose it when they reached it and now do
    not. Where it was unknown before, or is so now, nothing is claimed: ``unknown_change_people`` says how
    many more people are in doubt. ``full_set`` stands for all required types; there the gains and losses of
    the groups in one dwelling are set off against each other.

    Parameters
    ----------
    before, after
        Life circles with the same dwellings, circles, catalogue and walker.

    Returns
    -------
    DataFrame
        ``area_kind`` (town, block, community), ``area_id, area_name, limit_min`` (minutes),
        ``facility_type, group, people, gained_people, lost_people, unknown_change_people``; missing where
        nobody was counted.

    Raises
    ------
    UsageError
        If the two differ in dwellings, people, circles, catalogue or walker.
    """
    rows = _rows_of(before, after).merge(_areas_of(before), on="dwelling_id")
    keys = ["area_kind", "area_id", "area_name", *KEYS[1:]]
    numbers = ["people", "gained_people", "lost_people", "unknown_change_people"]
    sums = rows.groupby(keys, sort=True)[numbers].sum(min_count=1).reset_index()
    return RESULTS["reach_changes"].check(sums)


def dwelling_changes(before: LifeCircles, after: LifeCircles) -> gpd.GeoDataFrame:
    """List the dwellings where something changes, for a map.

    Parameters
    ----------
    before, after
        Life circles with the same dwellings, circles, catalogue and walker.

    Returns
    -------
    GeoDataFrame
        ``dwelling_id, limit_min`` (minutes), ``facility_type, group, change`` (gained, lost, became_unknown,
        became_known), ``changed_people``; ``geometry`` of the dwelling. People that were not counted are not
        listed.

    Raises
    ------
    UsageError
        If the two differ in dwellings, people, circles, catalogue or walker.
    """
    rows = _rows_of(before, after)
    in_doubt = rows["unknown_change_people"]
    counts = (rows["gained_people"], rows["lost_people"], in_doubt, -in_doubt)
    frames = [
        rows[count > 0][KEYS].assign(change=change, changed_people=count[count > 0])
        for change, count in zip(CHANGES, counts, strict=True)
    ]
    found = pd.concat(frames, ignore_index=True).sort_values([*KEYS, "change"], ignore_index=True)
    shapes = before.dwellings.set_index("dwelling_id").geometry
    geometry = shapes.to_numpy()[shapes.index.get_indexer(found["dwelling_id"])]
    return RESULTS["dwelling_changes"].check(gpd.GeoDataFrame(found, geometry=geometry, crs=shapes.crs))


def people_changes(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Count what changes for the people of each dwelling.

    Parameters
    ----------
    before, after
        What `people_rows` gives, of the same dwellings and types.

    Returns
    -------
    DataFrame
        ``KEYS``, ``people, gained_people, lost_people, unknown_change_people``.
    """
    rows = before.merge(after.drop(columns="people"), on=KEYS, suffixes=("", "_after"), validate="1:1")
    reached, unreached, unknown = (
        rows[f"{status}_people_after"] - rows[f"{status}_people"]
        for status in ("reached", "unreached", "unknown")
    )
    return rows[[*KEYS, "people"]].assign(
        gained_people=np.minimum(reached.clip(lower=0), (-unreached).clip(lower=0)),
        lost_people=np.minimum((-reached).clip(lower=0), unreached.clip(lower=0)),
        unknown_change_people=unknown,
    )


def _rows_of(before: LifeCircles, after: LifeCircles) -> pd.DataFrame:
    _refuse_others(before, after)
    one, other = (
        people_rows(
            Tiers(circles.reach, circles.types, circles.minutes, circles.walker.speed_m_min),
            circles.coverage,
            circles.dwellings,
        )
        for circles in (before, after)
    )
    return people_changes(one, other)


def _refuse_others(before: LifeCircles, after: LifeCircles) -> None:
    """Refuse life circles that do not ask the same of the same people."""
    columns = [name for name in before.dwellings.columns if name.endswith("people")]
    same = {
        "minutes": before.minutes == after.minutes,
        "catalogue": before.catalogue == after.catalogue,
        "walker": before.walker == after.walker,
        "dwellings": before.dwellings["dwelling_id"].equals(after.dwellings["dwelling_id"])
        and before.people_basis == after.people_basis
        and before.dwellings[columns].equals(after.dwellings[columns]),
    }
    other = [name for name, is_same in same.items() if not is_same]
    if other:
        raise UsageError("circles_differ", names=", ".join(other))


def _areas_of(circles: LifeCircles) -> pd.DataFrame:
    """List the areas that each dwelling lies in, as the life circles name them."""
    homes = circles.dwellings
    named = circles.areas[["area_kind", "area_id", "area_name"]].drop_duplicates()
    inside = pd.concat(
        [
            pd.DataFrame(
                {
                    "area_kind": kind,
                    "area_id": "town" if kind == "town" else homes[f"{kind}_id"],
                    "dwelling_id": homes["dwelling_id"],
                }
            )
            for kind in ("town", "block", "community")
        ],
        ignore_index=True,
    )
    return inside.merge(named, on=["area_kind", "area_id"])
