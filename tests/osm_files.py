"""Small OpenStreetMap files, written with osmium's own writer: places on a grid of metres around one point."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import osmium
from osmium.osm.mutable import Node, Relation, Way

# Vaduz; one metre north and east of it in degrees.
LON, LAT = 9.52, 47.14
NORTH, EAST = 1 / 111_180, 1 / 75_890
# Wuzhen, in zone 40 of CGCS2000.
WUZHEN = (120.49, 30.745)
DATE = "2024-05-06T07:08:09Z"


@dataclass
class Drawing:
    """Nodes, ways and relations, each added at metres east and north of a point."""

    at: tuple[float, float] = (LON, LAT)
    nodes: dict[tuple[float, float], int] = field(default_factory=dict)
    node_tags: dict[int, dict[str, str]] = field(default_factory=dict)
    lost: set[int] = field(default_factory=set)
    ways: list[tuple[int, list[int], dict[str, str]]] = field(default_factory=list)
    relations: list[tuple[int, list[tuple[str, int, str]], dict[str, str]]] = field(default_factory=list)

    def node(self, x, y, **tags):
        """Give the node there, made if there is none, with further tags; ``__`` stands for a colon."""
        number = self.nodes.setdefault((x, y), len(self.nodes) + 1)
        self.node_tags.setdefault(number, {}).update(_colons(tags))
        return number

    def way(self, *places, **tags):
        """Draw a way through places, and give its number."""
        number = 100 + len(self.ways)
        self.ways.append((number, [self.node(x, y) for x, y in places], _colons(tags)))
        return number

    def box(self, x, y, wide, high, **tags):
        """Draw a closed way around a box."""
        corners = [(x, y), (x + wide, y), (x + wide, y + high), (x, y + high), (x, y)]
        return self.way(*corners, **tags)

    def relation(self, *members, **tags):
        """Join ways into a multipolygon: pairs of a way's number and its role."""
        number = 500 + len(self.relations)
        self.relations.append(
            (number, [("w", way, role) for way, role in members], _colons({"type": "multipolygon"} | tags))
        )
        return number

    def lose(self, x, y):
        """Leave a node out of the file, though ways name it."""
        self.lost.add(self.nodes[x, y])

    def degrees(self, x, y):
        return self.at[0] + x * EAST, self.at[1] + y * NORTH

    def write(self, path, *, date=DATE, box=True) -> Path:
        header = osmium.io.Header()
        if date:
            header.set("osmosis_replication_timestamp", date)
        if box:
            header.add_box(osmium.osm.Box(*self.degrees(-3000, -3000), *self.degrees(3000, 3000)))
        Path(path).unlink(missing_ok=True)
        with osmium.SimpleWriter(str(path), header=header) as writer:
            for place, number in self.nodes.items():
                if number not in self.lost:
                    writer.add_node(
                        Node(id=number, version=1, location=self.degrees(*place), tags=self.node_tags[number])
                    )
            for number, nodes, tags in self.ways:
                writer.add_way(Way(id=number, version=1, nodes=nodes, tags=tags))
            for number, members, tags in self.relations:
                writer.add_relation(Relation(id=number, version=1, members=members, tags=tags))
        return Path(path)


def _colons(tags):
    return {key.replace("__", ":"): str(value) for key, value in tags.items()}


def village(at=(LON, LAT)) -> Drawing:
    """A cross of streets 400 m long, four houses by it, a shop, and residential land under them."""
    drawn = Drawing(at)
    drawn.way((-200, 0), (0, 0), (200, 0), highway="residential", name="Hauptstrasse")
    drawn.way((0, -200), (0, 0), (0, 200), highway="service")
    for x in (-60, 20):
        for y in (-40, 20):
            drawn.box(x, y, 20, 20, building="house")
    drawn.box(-150, -150, 300, 300, landuse="residential")
    drawn.node(30, -5, shop="convenience", name="Laden")
    return drawn
