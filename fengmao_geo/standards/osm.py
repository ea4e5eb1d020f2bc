"""OpenStreetMap's tags: which class of street, use of a building, type of water each means here."""

from __future__ import annotations

from functools import cache

from fengmao_geo.standards.files import fault_error, read_record, read_toml, shipped
from fengmao_geo.standards.records import Record, Tag, Words
from fengmao_geo.standards.spaces import Figure  # noqa: TC001  read by pydantic

__all__ = ["OsmStandard", "osm_standard", "rule_keys"]

Rules = tuple[Words, ...]


class WalkingRules(Record):
    """Who may walk where: values of highway, foot, access, bridge and tunnel, and tags that close a way."""

    closed_tags: Rules
    no_streets: Rules
    foot_yes: Rules
    foot_no: Rules
    access_no: Rules
    no_bridge: Rules
    no_tunnel: Rules


class BuildingRules(Record):
    """What is no building, what says no more than that it is one, what stands empty."""

    no_buildings: Rules
    unsaid: Rules
    idle_tags: Rules
    use_of_land: dict[str, Words]


class LandRules(Record):
    """Values of ``landuse`` that are of the built-up area."""

    urban: Rules


class WaterRules(Record):
    """Tags of areas of water, of lines of water, and of water under the ground."""

    area_tags: Rules
    line_tags: Rules
    covered_tags: Rules


class PointRules(Record):
    """Tags of gates, crossings, trees and bridges."""

    gate_tags: Rules
    crossing_tags: Rules
    no_crossing_tags: Rules
    tree_tags: Rules
    bridge_tags: Rules
    crossing_ways: Rules


class PlaceRules(Record):
    """Keys whose features could be facilities."""

    keys: Rules


class OsmStandard(Record):
    """What OpenStreetMap's tags mean here.

    Parameters
    ----------
    source, tag
        Where it comes from and how sure it is.
    notice
        What the data's licence asks to be printed.
    boundary_basis
        What the boundary of the built-up area is called, where it is a ``closing`` and where it is ``given``.
    figures
        Distances and heights; the unit ends the name.
    street_class, building_use
        Value of ``highway`` and ``building``, then the library's.
    place_use, green_type, water_type, barrier_type, crossing_type
        Rule, then the library's value; the first that holds counts.
    walking, building, land_use, water, points, places
        Further rules.
    """

    source: Words
    tag: Tag
    notice: Words
    boundary_basis: dict[str, Words]
    figures: dict[str, Figure]
    street_class: dict[str, Words]
    walking: WalkingRules
    building_use: dict[str, Words]
    building: BuildingRules
    place_use: dict[str, Words]
    land_use: LandRules
    green_type: dict[str, Words]
    water: WaterRules
    water_type: dict[str, Words]
    barrier_type: dict[str, Words]
    points: PointRules
    crossing_type: dict[str, Words]
    places: PlaceRules

    def figure(self, name: str) -> float:
        """Give one of the figures.

        Parameters
        ----------
        name
            Its name; the unit ends it.

        Returns
        -------
        float
            Its value.

        Examples
        --------
        >>> osm_standard().figure("floor_height_m")
        3.0
        """
        return self.figures[name].value

    def rules(self) -> list[str]:
        """List every rule of tags, ``key=value``.

        Returns
        -------
        list of str
            The rules, as they stand in the file.

        Examples
        --------
        >>> "natural=tree" in osm_standard().rules()
        True
        """
        points, water = self.points, self.water
        listed = [self.walking.closed_tags, self.building.idle_tags]
        listed += [water.area_tags, water.line_tags, water.covered_tags, points.gate_tags, points.tree_tags]
        listed += [points.crossing_tags, points.no_crossing_tags, points.bridge_tags, points.crossing_ways]
        keyed = (self.place_use, self.green_type, self.water_type, self.barrier_type, self.crossing_type)
        return [rule for rules in (*listed, *keyed) for rule in rules]


@cache
def osm_standard() -> OsmStandard:
    """Read what OpenStreetMap's tags mean here.

    Returns
    -------
    OsmStandard
        The tables.

    Raises
    ------
    StandardError
        If the shipped file is wrong; it names every fault at once.

    Examples
    --------
    >>> osm_standard().street_class["residential"]
    'branch'
    """
    path = shipped("osm.toml")
    read = read_record(path, OsmStandard, read_toml(path))
    faults = [("value", _of_rule(rule)) for rule in read.rules() if not _is_rule(rule)]
    if faults:
        raise fault_error(path, faults)
    return read


def _of_rule(rule: str) -> dict[str, str]:
    return {"place": "osm.toml", "found": rule, "reason": "key=value"}


def _is_rule(rule: str) -> bool:
    parts = [part.split("=") for part in rule.split(" & ")]
    return all(len(part) == 2 and all(word.strip() for word in part) for part in parts)


def rule_keys(rule: str) -> list[str]:
    """List the keys that a rule of tags asks for.

    Parameters
    ----------
    rule
        ``key=value``; several joined by `` & ``.

    Returns
    -------
    list of str
        The keys.

    Examples
    --------
    >>> rule_keys("amenity=school & isced:level=1")
    ['amenity', 'isced:level']
    """
    return [part.split("=")[0].strip() for part in rule.split(" & ")]
