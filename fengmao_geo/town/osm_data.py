"""Features of OpenStreetMap with their tags, and the questions that are asked of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
import shapely

from fengmao_geo.errors import TownError
from fengmao_geo.findings import Finding, findings_table
from fengmao_geo.standards.load import facility_types
from fengmao_geo.standards.osm import osm_standard, rule_keys

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from fengmao_geo.geo.zones import Box

    Geometries = NDArray[np.object_]
    Flags = NDArray[np.bool_]

__all__ = ["AREA", "NODE", "OSM", "WAY", "OsmData", "counted", "feature_keys", "listed", "osm_keys", "refuse"]

#: What OpenStreetMap calls itself in the findings, since what was read is of no layer yet.
OSM = "osm"

#: Kinds of features: points, lines, and polygons of closed ways and relations.
NODE, WAY, AREA = "n", "w", "a"

#: How many values or ids a finding lists.
_SHOWN = 12

#: Keys that are read of a feature besides those of the tables of tags.
_DETAILS = (
    "name",
    "foot",
    "access",
    "layer",
    "level",
    "bridge",
    "tunnel",
    "width",
    "area",
    "height",
    "building:levels",
    "building:flats",
    "start_date",
    "capacity",
    "species",
    "genus",
    "diameter_crown",
    "boundary",
    "admin_level",
    "type",
    "name:zh",
    "name:en",
    "official_name",
    "alt_name",
)


@dataclass(frozen=True)
class OsmData:
    """Features of OpenStreetMap.

    Parameters
    ----------
    kinds
        ``n`` for points, ``w`` for lines, ``a`` for polygons, shape ``(n,)``.
    ids
        Kind and number of the element each is of, such as ``w42``, shape ``(n,)``.
    tags
        Key, then the value of each feature, ``None`` where it has none.
    shapes
        Geometry, shape ``(n,)``.
    date
        The day of the data, ``""`` if the file does not say.
    box
        West, south, east and north of what the file says it holds; ``None`` if it does not say.
    found
        What was found while reading.
    """

    kinds: NDArray[np.str_]
    ids: NDArray[np.object_]
    tags: Mapping[str, NDArray[np.object_]]
    shapes: Geometries
    date: str = ""
    box: Box | None = None
    found: tuple[Finding, ...] = ()

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, chosen: NDArray[Any]) -> OsmData:
        """Keep some features, by position or by flag."""
        tags = {key: values[chosen] for key, values in self.tags.items()}
        return replace(
            self, kinds=self.kinds[chosen], ids=self.ids[chosen], tags=tags, shapes=self.shapes[chosen]
        )

    def value(self, key: str) -> NDArray[np.object_]:
        """Give the value of a key of each feature, ``None`` where it has none."""
        found = self.tags.get(key)
        return np.full(len(self), None, dtype=object) if found is None else found

    def is_in(self, key: str, values: Iterable[str]) -> Flags:
        """Say which features have one of these values of a key; of a list ``a;b`` each value counts."""
        given = self.value(key)
        wanted = set(values)
        there = given != None  # noqa: E711  element by element
        hit = np.zeros(len(given), dtype=bool)
        hit[there] = [_is_one_of(value, wanted) for value in given[there]]
        return hit

    def has(self, rule: str) -> Flags:
        """Say of which features a rule such as ``amenity=school & isced:level=1`` holds."""
        hit = np.ones(len(self), dtype=bool)
        for part in rule.split(" & "):
            key, _, value = part.partition("=")
            if value.strip() == "*":
                given = self.value(key.strip())
                hit &= (given != None) & (given != "no")  # noqa: E711  element by element
            else:
                hit &= self.is_in(key.strip(), [value.strip()])
        return hit

    def has_any(self, rules: Iterable[str]) -> Flags:
        """Say of which features one of some rules holds."""
        hit = np.zeros(len(self), dtype=bool)
        for rule in rules:
            hit |= self.has(rule)
        return hit

    def first(self, meanings: Mapping[str, str]) -> NDArray[np.object_]:
        """Give what the first rule that holds means, ``None`` where none does."""
        meant = np.full(len(self), None, dtype=object)
        for rule, meaning in reversed(list(meanings.items())):
            meant[self.has(rule)] = meaning
        return meant

    @cached_property
    def bounds(self) -> NDArray[np.float64]:
        """Bounds of each feature, shape ``(n, 4)``."""
        return np.asarray(shapely.bounds(self.shapes))


def _is_one_of(value: str, wanted: set[str]) -> bool:
    return value in wanted or (";" in value and any(part.strip() in wanted for part in value.split(";")))


def feature_keys() -> list[str]:
    """List the keys of tags that make an element a feature worth reading.

    Returns
    -------
    list of str
        The keys that rules begin with, in alphabetical order.

    Examples
    --------
    >>> "building" in feature_keys(), "access" in feature_keys()
    (True, False)
    """
    read = osm_standard()
    points, water = read.points, read.water
    rules = [*read.place_use, *read.green_type, *read.barrier_type, *water.area_tags, *water.line_tags]
    rules += [*points.gate_tags, *points.crossing_tags, *points.tree_tags, *points.bridge_tags]
    rules += [rule for it in facility_types().values() for rule in it.osm_tags]
    own = {"highway", "building", "landuse", *read.places.keys}
    return sorted({rule_keys(rule)[0] for rule in rules} | own)


def osm_keys() -> list[str]:
    """List the keys of tags that are kept of a feature.

    Returns
    -------
    list of str
        Keys of the tables of tags and of the facility types, in alphabetical order.

    Examples
    --------
    >>> {"highway", "access", "isced:level"} <= set(osm_keys())
    True
    """
    rules = [*osm_standard().rules(), *(rule for it in facility_types().values() for rule in it.osm_tags)]
    return sorted({key for rule in rules for key in rule_keys(rule)} | {*_DETAILS, *feature_keys()})


def refuse(code: str, **values: object) -> NoReturn:
    """Raise the error of one finding.

    Parameters
    ----------
    code
        The finding's name.
    **values
        What its words name in braces.

    Raises
    ------
    TownError
        Always.
    """
    raise TownError("town_faults", findings_table([Finding(code, OSM, values=values)]), count=1, name="")


def counted(texts: Iterable[str]) -> str:
    """Write how often each text occurs, the most frequent first.

    Parameters
    ----------
    texts
        Texts.

    Returns
    -------
    str
        ``yes 3, house 1``; the rare ones are left out after a dozen.

    Examples
    --------
    >>> counted(["house", "yes", "yes"])
    'yes 2, house 1'
    """
    names, counts = np.unique(np.asarray(list(texts), dtype=str), return_counts=True)
    order = np.lexsort((names, -counts))
    shown = [f"{names[row]} {counts[row]}" for row in order[:_SHOWN]]
    return ", ".join(shown) + (" …" if len(order) > _SHOWN else "")


def listed(ids: Sequence[str]) -> str:
    """List the first dozen of some ids.

    Parameters
    ----------
    ids
        Ids.

    Returns
    -------
    str
        Joined by commas.

    Examples
    --------
    >>> listed(["w1", "w2"])
    'w1, w2'
    """
    return ", ".join(ids[:_SHOWN]) + (" …" if len(ids) > _SHOWN else "")
