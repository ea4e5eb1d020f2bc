"""OpenStreetMap XML in the order and with the numbers that its reader needs."""

from __future__ import annotations

import mmap
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fengmao_geo.town.osm_data import refuse

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["XmlLook", "look_at_xml", "write_in_order"]

#: Numbers of elements that are not uploaded yet are negative, and begin here once they are read.
_NEW = 1 << 50

_DELETED = re.compile(rb"""\saction=["']delete["']""")
_NEGATIVE = re.compile(rb"""<(?:node|way|relation)\s[^>]*?\bid=["']-""")


@dataclass(frozen=True)
class XmlLook:
    """What a look at the text of an XML file tells.

    Parameters
    ----------
    is_in_order
        Whether nodes come before ways, ways before relations, and all have been uploaded.
    deleted_count
        How many elements JOSM has marked for deletion.
    """

    is_in_order: bool
    deleted_count: int


def look_at_xml(path: Path) -> XmlLook:
    """Look at the text of an XML file before anything parses it.

    Parameters
    ----------
    path
        The file; not empty.

    Returns
    -------
    XmlLook
        What there is to know.

    Raises
    ------
    TownError
        If it declares a document type or an entity.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as whole:
        # In no other place of XML does either stand, but for comments, which no OpenStreetMap file needs.
        if whole.find(b"<!DOCTYPE") >= 0 or whole.find(b"<!ENTITY") >= 0:
            refuse("osm_entities", file=path.name)
        first = {kind: whole.find(b"<%b " % kind) for kind in (b"node", b"way", b"relation")}
        last = {kind: whole.rfind(b"<%b " % kind) for kind in first}
        is_sorted = all(
            first[later] < 0 or last[sooner] < first[later]
            for sooner, later in ((b"node", b"way"), (b"way", b"relation"), (b"node", b"relation"))
        )
        is_uploaded = _NEGATIVE.search(whole) is None
        return XmlLook(is_sorted and is_uploaded, sum(1 for _ in _DELETED.finditer(whole)))


def write_in_order(path: Path, target: Path) -> None:
    """Write an XML file anew: nodes, ways, relations, each once, all with positive numbers.

    Parameters
    ----------
    path
        The file.
    target
        Where to write, as ``.osm.pbf``.
    """
    import osmium  # noqa: PLC0415  only where OpenStreetMap is read

    source = osmium.io.Reader(osmium.io.File(str(path.resolve()), "xml"), osmium.osm.NOTHING)
    header = source.header()
    source.close()
    reader = osmium.MergeInputReader()
    reader.add_buffer(path.read_bytes(), "xml")
    with osmium.SimpleWriter(str(target), header=header) as writer:
        reader.apply(_Renumbered(writer))


class _Renumbered:
    """Pass elements on with positive numbers."""

    def __init__(self, writer: Any) -> None:  # noqa: ANN401  osmium's
        self._writer = writer

    def node(self, node: Any) -> None:  # noqa: ANN401  osmium's
        self._writer.add_node(node if node.id > 0 else node.replace(id=_positive(node.id)))

    def way(self, way: Any) -> None:  # noqa: ANN401  osmium's
        nodes = [_positive(node.ref) for node in way.nodes]
        self._writer.add_way(way.replace(id=_positive(way.id), nodes=nodes))

    def relation(self, relation: Any) -> None:  # noqa: ANN401  osmium's
        members = [(member.type, _positive(member.ref), member.role) for member in relation.members]
        self._writer.add_relation(relation.replace(id=_positive(relation.id), members=members))


def _positive(number: int) -> int:
    return number if number > 0 else _NEW - number
