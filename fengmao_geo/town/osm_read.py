"""An OpenStreetMap file to features with their tags: checked first, read in one pass, areas assembled."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from fengmao_geo.errors import TownError
from fengmao_geo.findings import Finding
from fengmao_geo.town.osm_data import AREA, NODE, OSM, WAY, OsmData, feature_keys, listed, osm_keys, refuse
from fengmao_geo.town.osm_order import XmlLook, look_at_xml, write_in_order

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fengmao_geo.geo.zones import Box

__all__ = ["read_osm_file"]

#: The format that osmium reads a file of each suffix as.
_FORMATS = {".osm": "xml", ".pbf": "pbf"}
_PACKED = (".gz", ".bz2", ".xz", ".zst", ".zip", ".7z", ".rar")
_HEAD = 64

#: Features are brought together in lots of this size, so that those far away never pile up.
_LOT = 50_000

#: Keys whose closed ways and multipolygons are areas, and are missed if they cannot be assembled.
_AREA_KEYS = ("building", "landuse", "leisure", "natural", "water", "amenity")

#: Keys for which a closed way that is an area is its outline as well.
_LINE_KEYS = ("highway", "barrier", "railway", "waterway")


def read_osm_file(path: Path, *, box: Box | None = None, wanted: Sequence[str] = ()) -> OsmData:
    """Read the features of a file that have a tag of one of the keys.

    The file's first bytes must be those of its suffix; a document type or an entity in XML is refused before
    anything is parsed. Ways of which nodes are missing are drawn as far as they go.

    Parameters
    ----------
    path
        A ``.osm.pbf`` or ``.osm`` file.
    box
        West, south, east and north; features outside are left out as they are read.
    wanted
        Keys of tags; those of `feature_keys` if none are given.

    Returns
    -------
    OsmData
        The features in degrees; none if there are none.

    Raises
    ------
    TownError
        If the file is not there, not what its suffix says, or cut.

    Examples
    --------
    >>> from pathlib import Path
    >>> read_osm_file(Path("nowhere.osm.pbf"))
    Traceback (most recent call last):
        ...
    fengmao_geo.errors.TownError: ...
    """
    import osmium  # noqa: PLC0415  only where OpenStreetMap is read

    form = _checked_format(path)
    look = look_at_xml(path) if form == "xml" else XmlLook(is_in_order=True, deleted_count=0)
    keys = list(wanted) or feature_keys()
    try:
        with TemporaryDirectory() as folder:
            file = path
            if not look.is_in_order:
                file, form = Path(folder) / "in_order.osm.pbf", "pbf"
                write_in_order(path, file)
            data = _read(file, form, box=box, wanted=keys, name=path.name)
    except TownError:
        raise
    except (RuntimeError, ValueError, OSError, osmium.InvalidLocationError) as reason:
        refuse("osm_broken", file=path.name, reason=str(reason))
    if look.deleted_count:
        values = {"count": look.deleted_count, "file": path.name}
        data = replace(data, found=(*data.found, Finding("osm_deleted", OSM, values=values)))
    return data


def _checked_format(path: Path) -> str:
    suffix = path.suffix.casefold()
    if not path.is_file():
        refuse("osm_missing", file=str(path))
    if suffix in _PACKED:
        refuse("osm_packed", file=path.name)
    if suffix not in _FORMATS:
        refuse("osm_format", file=path.name)
    with path.open("rb") as file:
        head = file.read(_HEAD)
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    is_right = b"OSMHeader" in head[:24] if suffix == ".pbf" else text.startswith((b"<?xml", b"<osm"))
    if not is_right:
        refuse("osm_first_bytes", file=path.name, head=repr(head[:16])[2:-1])
    return _FORMATS[suffix]


@dataclass
class _Lot:
    """Features as they are read; full lots are brought together and those outside the box let go."""

    keys: frozenset[str]
    box: Box | None
    kinds: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    shapes: list[str] = field(default_factory=list)
    tags: list[dict[str, str]] = field(default_factory=list)
    done: list[OsmData] = field(default_factory=list)

    def add(self, kind: str, name: str, shape: str, tags: dict[str, str]) -> None:
        self.kinds.append(kind)
        self.ids.append(name)
        self.shapes.append(shape)
        self.tags.append(tags)
        if len(self.ids) >= _LOT:
            self.close()

    def close(self) -> None:
        tags = {key: np.full(len(self.ids), None, dtype=object) for key in self.keys}
        for row, of in enumerate(self.tags):
            for key, value in of.items():
                tags[key][row] = value
        lot = OsmData(
            np.array(self.kinds, dtype="U1"),
            np.array(self.ids, dtype=object),
            tags,
            shapely.from_wkb(np.array(self.shapes, dtype=object)),
        )
        if self.box is not None:
            west, south, east, north = self.box
            x0, y0, x1, y1 = lot.bounds.T
            lot = lot.take((x0 <= east) & (x1 >= west) & (y0 <= north) & (y1 >= south))
        self.done.append(lot)
        for part in (self.kinds, self.ids, self.shapes, self.tags):
            part.clear()

    def all(self) -> OsmData:
        self.close()
        tags = {key: np.concatenate([lot.tags[key] for lot in self.done]) for key in self.keys}
        kinds, ids, shapes = (
            np.concatenate([getattr(lot, name) for lot in self.done]) for name in ("kinds", "ids", "shapes")
        )
        return OsmData(kinds, ids, tags, shapes)


@dataclass
class _Missed:
    """What could not be drawn, or not whole: ids by reason."""

    incomplete: list[str] = field(default_factory=list)
    undrawn: list[str] = field(default_factory=list)
    areas: list[str] = field(default_factory=list)
    assembled: set[str] = field(default_factory=set)

    def findings(self) -> tuple[Finding, ...]:
        lists = {
            "osm_incomplete": self.incomplete,
            "osm_undrawn": self.undrawn,
            "osm_unassembled": [name for name in self.areas if name not in self.assembled],
        }
        return tuple(
            Finding(code, OSM, values={"count": len(ids), "ids": listed(ids)})
            for code, ids in lists.items()
            if ids
        )


def _read(path: Path, form: str, *, box: Box | None, wanted: list[str], name: str) -> OsmData:
    import osmium  # noqa: PLC0415  only where OpenStreetMap is read

    # A path of this disk, never an address: osmium would fetch one.
    file = osmium.io.File(str(path.resolve()), form)
    having = osmium.filter.KeyFilter(*wanted)
    source = osmium.FileProcessor(file).with_areas(having).with_filter(having)
    header = source.header
    if header.has_multiple_object_versions:
        refuse("osm_history", file=name)
    lot, missed = _Lot(frozenset(osm_keys()), box), _Missed()
    draw = osmium.geom.WKBFactory()
    for thing in source:
        _add(thing, draw, lot, missed)
    bounds, date = header.box(), header.get("osmosis_replication_timestamp") or header.get("timestamp")
    low, high = bounds.bottom_left, bounds.top_right
    stated = (low.lon, low.lat, high.lon, high.lat) if bounds.valid() else None
    return replace(lot.all(), date=(date or "")[:10], box=stated, found=missed.findings())


def _add(thing: Any, draw: Any, lot: _Lot, missed: _Missed) -> None:  # noqa: ANN401  osmium's objects
    """Draw one element; what is neither drawn nor assembled stays among what was missed."""
    tags = {key: value for key, value in thing.tags if key in lot.keys}
    if thing.is_node():
        lot.add(NODE, f"n{thing.id}", draw.create_point(thing), tags)
    elif thing.is_way():
        is_area = thing.is_closed() and _is_area(tags)
        if is_area:
            missed.areas.append(f"w{thing.id}")
        if not is_area or any(key in tags for key in _LINE_KEYS):
            _add_way(thing, draw, tags, lot, missed)
    elif thing.is_area():
        name = f"{'w' if thing.from_way() else 'r'}{thing.orig_id()}"
        missed.assembled.add(name)
        lot.add(AREA, name, draw.create_multipolygon(thing), tags)
    elif tags.get("type") == "multipolygon" and _is_area(tags):
        missed.areas.append(f"r{thing.id}")


def _is_area(tags: Mapping[str, str]) -> bool:
    return tags.get("area") != "no" and any(key in tags for key in _AREA_KEYS)


def _add_way(thing: Any, draw: Any, tags: dict[str, str], lot: _Lot, missed: _Missed) -> None:  # noqa: ANN401  osmium's objects
    """Draw a way through the nodes that are there; where some are missing, in stretches."""
    import osmium  # noqa: PLC0415  only where OpenStreetMap is read

    name = f"w{thing.id}"
    try:
        lot.add(WAY, name, draw.create_linestring(thing), tags)
    except (osmium.InvalidLocationError, RuntimeError):  # a node is missing, or all lie in one place
        lines = _stretches([node.location for node in thing.nodes])
        (missed.incomplete if lines else missed.undrawn).append(name)
        if lines:
            lot.add(WAY, name, shapely.to_wkb(shapely.MultiLineString(lines), hex=True), tags)


def _stretches(places: Sequence[Any]) -> list[shapely.LineString]:
    """Draw a line through each run of places that are known, where it is more than one place."""
    runs: list[list[tuple[float, float]]] = [[]]
    for place in places:
        if place.valid():
            runs[-1].append((place.lon, place.lat))
        else:
            runs.append([])
    return [shapely.LineString(run) for run in runs if len(set(run)) > 1]
