"""Which school each dwelling belongs to: that of its district, else the nearest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from fengmao_geo.findings import Finding
from fengmao_geo.standards.names import normalise
from fengmao_geo.town.people import dwelling_basis

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    from numpy.typing import NDArray

    from fengmao_geo.town.town import Town

    Indices = NDArray[np.intp]

__all__ = ["district_schools"]

_LAYER = "school_districts"


def district_schools(
    town: Town, homes: gpd.GeoDataFrame, *, facility_type: str
) -> tuple[NDArray[np.object_], list[Finding]] | None:
    """Find the school of the district that each dwelling lies in.

    A district names its school, by id or by name, in the column ``school``, or by its own name where that is
    empty. Districts of schools of other types do not count. Of several districts that a dwelling lies in, the
    one with the smallest id counts.

    Parameters
    ----------
    town
        The town.
    homes
        Dwellings: ``dwelling_id, geometry``.
    facility_type
        Which schools.

    Returns
    -------
    tuple or None
        Id of the school of each dwelling, missing where it is not known, and what was found wrong with the
        districts; None without districts of such schools.
    """
    if _LAYER not in town:
        return None
    districts = town[_LAYER].sort_values("id", kind="stable")
    schools, others = _schools(town, facility_type)
    names = districts.reindex(columns=["school", "name"]).astype(object)
    named = names["school"].where(names["school"].notna(), names["name"])
    words = [normalise(str(word)) if isinstance(word, str) else "" for word in named]
    counts = np.array([len(schools.get(word, ())) for word in words], dtype=int)
    is_other = np.array([word in others and word not in schools for word in words], dtype=bool)
    if is_other.all():
        return None
    found = _district_findings(districts["id"], named, counts, is_other)
    school = np.array([next(iter(schools.get(word, ())), None) for word in words], dtype=object)
    school[counts != 1] = None
    at, is_inside = _inside(homes, districts[~is_other], school[~is_other])
    found += [
        Finding("home_without_district", str(dwelling_basis(town)), str(home))
        for home in homes["dwelling_id"][~is_inside]
    ]
    return at, found


def _schools(town: Town, facility_type: str) -> tuple[dict[str, set[str]], set[str]]:
    """List schools of the type by the words that mean them, and the words that mean other facilities."""
    schools: dict[str, set[str]] = {}
    others: set[str] = set()
    if "facilities" not in town or "facility_type" not in town["facilities"].columns:
        return schools, others
    facilities = town["facilities"].reindex(columns=["id", "name", "facility_type"])
    for school, name, kind in facilities.itertuples(index=False, name=None):
        for word in {normalise(str(part)) for part in (school, name) if isinstance(part, str)}:
            if kind == facility_type:
                schools.setdefault(word, set()).add(str(school))
            else:
                others.add(word)
    return schools, others


def _district_findings(
    ids: pd.Series, named: pd.Series, counts: NDArray[np.int_], is_other: NDArray[np.bool_]
) -> list[Finding]:
    found = []
    for district, word, count, other in zip(ids, named, counts, is_other, strict=True):
        if not isinstance(word, str):
            found.append(Finding("district_without_school", _LAYER, str(district), "school"))
        elif count != 1 and not other:
            values = {"school": word, "count": int(count)}
            found.append(Finding("school_not_found", _LAYER, str(district), "school", values))
    return found


def _inside(
    homes: gpd.GeoDataFrame, districts: gpd.GeoDataFrame, school: NDArray[np.object_]
) -> tuple[NDArray[np.object_], NDArray[np.bool_]]:
    """Give each dwelling the school of its district; one whose school is known goes before one without."""
    points = shapely.point_on_surface(homes.geometry.to_numpy())
    row, hit = shapely.STRtree(districts.geometry.to_numpy()).query(points, predicate="intersects")
    is_lost = np.array([school[at] is None for at in hit], dtype=bool)
    order = np.lexsort((hit, is_lost, row))
    first = order[np.unique(row[order], return_index=True)[1]]
    found, is_inside = np.full(len(homes), None, dtype=object), np.zeros(len(homes), dtype=bool)
    found[row[first]], is_inside[row[first]] = school[hit[first]], True
    return found, is_inside
