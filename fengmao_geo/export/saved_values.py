"""Results to JSON, tables and arrays, and back: only classes named here are ever made of what was read."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import fields
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from fengmao_geo.export.saved_scalars import HELD, KIND, read_scalar, scalar
from fengmao_geo.export.saved_tables import read_table_bytes, table_bytes
from fengmao_geo.network.barriers import Barriers
from fengmao_geo.standards.records import Record
from fengmao_geo.tables import LAYERS, RESULTS
from fengmao_geo.town.town import Layers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import geopandas as gpd
    from numpy.typing import NDArray

    from fengmao_geo.schema import Fault, Table

__all__ = ["ARRAYS", "Reader", "Writer"]

#: The file of all arrays.
ARRAYS = "arrays.npz"

#: Classes of results, and the modules they are in.
_OBJECTS = {
    "Change": "network.change",
    "Finding": "findings",
    "GreenGains": "green.gain",
    "GreenPicture": "green.picture",
    "LifeCircles": "life_circle.circles",
    "Programme": "tables.programme",
    "QualityRule": "geo.raster_file",
    "RasterBand": "geo.raster_file",
    "RasterFile": "geo.raster_file",
    "Results": "results",
    "SchoolRoutes": "life_circle.school_routes",
    "Terrain": "network.terrain",
    "Town": "town.town",
    "TownSettings": "town.town",
    "WalkNetwork": "network.walk_network",
}
_RECORDS = {"Catalogue": "standards.records", "Walker": "standards.records"}

#: Tables that are called otherwise where they are held.
_CALLED = {
    "GreenGains.attribution": "green_attribution",
    "GreenGains.gains": "green_gains",
    "LifeCircles.service_areas": "type_service_areas",
    "LifeCircles.types": "asked_types",
    "Results.space_findings": "findings",
    "Results.uses": "possible_uses",
    "SchoolRoutes.crossings": "school_crossings",
    "SchoolRoutes.routes": "school_routes",
    "SchoolRoutes.segments": "school_segments",
}

_PLAIN_NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*")


def _class(name: str) -> type:
    module = (_OBJECTS | _RECORDS)[name]
    found: type = getattr(import_module(f"fengmao_geo.{module}"), name)
    return found


class Writer:
    """Values as JSON, with the tables and arrays among them as files."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.faults: list[Fault] = []
        self._arrays: dict[str, NDArray[Any]] = {}
        self._networks: dict[int, str] = {}
        self._ways: dict[type, Callable[[Any, str], Any]] = {
            pd.DataFrame: self._table,
            np.ndarray: self._array,
            Record: _record,
            Barriers: self._barriers,
            Layers: self._layers,
        }

    def node(self, value: object, at: str) -> Any:  # noqa: ANN401  of any kind
        """Write a value, whose tables and arrays are named after where it stands."""
        for kind, write in self._ways.items():
            if isinstance(value, kind):
                return write(value, at)
        if isinstance(value, dict) and _holds_objects(value.values()):
            return {KIND: "by_name", HELD: self._each(value, at)}
        if isinstance(value, tuple) and _holds_objects(value):
            return {KIND: "each", HELD: [self.node(one, f"{at}.{row}") for row, one in enumerate(value)]}
        return self._object(value, at) if _holds_objects([value]) else scalar(value)

    def _barriers(self, value: Barriers, at: str) -> dict[str, Any]:
        parts = {"fences": value.fences, "areas": value.areas, "outlines": value.outlines}
        return {KIND: "barriers", HELD: self._each(parts, at)}

    def _layers(self, value: Layers, at: str) -> dict[str, Any]:
        frames = {name: value[name] for name in value}
        self._check({f"Layers.{name}": frame for name, frame in frames.items()})
        return {KIND: "layers", HELD: self._each(frames, at)}

    def _check(self, parts: dict[str, Any]) -> None:
        """List what is not as declared: it would be refused when it is read."""
        for at, one in parts.items():
            if isinstance(one, pd.DataFrame) and (declared := _declared(at)) is not None:
                self.faults += declared.faults(one)

    def _object(self, value: object, at: str) -> dict[str, Any]:
        name = type(value).__name__
        # A network that another was made from is one and the same thing wherever it stands.
        if name == "WalkNetwork":
            if id(value) in self._networks:
                return {KIND: "same", HELD: self._networks[id(value)]}
            self._networks[id(value)] = at
        parts = {of.name: getattr(value, of.name) for of in fields(value)}  # type: ignore[arg-type]  # all are dataclasses
        self._check({f"{name}.{part}": one for part, one in parts.items()})
        return {KIND: "object", "name": name, "at": at, HELD: self._each(parts, at)}

    def _each(self, parts: dict[str, Any], at: str) -> dict[str, Any]:
        return {name: self.node(one, f"{at}.{name}" if at else name) for name, one in parts.items()}

    def _table(self, frame: pd.DataFrame, at: str) -> dict[str, Any]:
        # Names of files come from our own words alone.
        name = f"{at if _PLAIN_NAME.fullmatch(at) else f'table_{len(self.files)}'}.parquet"
        self.files[name], about = table_bytes(frame)
        return {KIND: "table", "file": name, HELD: about}

    def _array(self, values: NDArray[Any], at: str) -> dict[str, Any]:
        if values.dtype != object:
            self._arrays[at] = values
            return {KIND: "array", HELD: at}
        shapes = [b"" if one is None else one for one in shapely.to_wkb(values)]
        self._arrays[f"{at}.wkb"] = np.frombuffer(b"".join(shapes), dtype=np.uint8)
        self._arrays[f"{at}.ends"] = np.cumsum([len(one) for one in shapes], dtype=np.int64)
        return {KIND: "shapes", HELD: at}

    def finish(self) -> dict[str, bytes]:
        """Give every file, with that of the arrays."""
        file = io.BytesIO()
        np.savez(file, allow_pickle=False, **self._arrays)
        return {**self.files, ARRAYS: file.getvalue()}


def _holds_objects(values: Iterable[object]) -> bool:
    return any(type(one).__name__ in _OBJECTS for one in values)


def _record(value: Record, _: str) -> dict[str, Any]:
    return {KIND: "record", "name": type(value).__name__, HELD: value.model_dump(mode="json")}


class Reader:
    """What `Writer` wrote, read back.

    Parameters
    ----------
    content
        Gives the bytes of a file of the run by its name.
    """

    def __init__(self, content: Callable[[str], bytes]) -> None:
        self._content = content
        self._arrays = _arrays(content(ARRAYS))
        self._networks: dict[str, Any] = {}
        self._ways: dict[str, Callable[[dict[str, Any], str], Any]] = {
            "object": self._object,
            "by_name": lambda node, _: {name: self.value(one) for name, one in node[HELD].items()},
            "each": lambda node, _: tuple(self.value(one) for one in node[HELD]),
            "same": lambda node, _: self._networks[node[HELD]],
            "record": lambda node, _: _read_record(node),
            "barriers": self._barriers,
            "layers": self._layers,
            "table": self._table,
            "array": lambda node, _: self._frozen(node[HELD]),
            "shapes": lambda node, _: self._shapes(node[HELD]),
        }
        self.faults: list[Fault] = []

    def value(self, node: Any, at: str = "") -> Any:  # noqa: ANN401  of any kind
        """Read a value; ``at`` is the class and the field it stands in."""
        kind = node.get(KIND) if isinstance(node, dict) else None
        read = self._ways.get(str(kind))
        return read_scalar(node) if read is None else read(node, at)

    def _object(self, node: dict[str, Any], _: str) -> object:
        name = _known(node["name"], _OBJECTS)
        parts = {part: self.value(one, f"{name}.{part}") for part, one in node[HELD].items()}
        made = _class(name)(**parts)
        if name == "WalkNetwork":
            self._networks[node["at"]] = made
        return made

    def _layers(self, node: dict[str, Any], _: str) -> Layers:
        return Layers({name: self._layer(name, one) for name, one in node[HELD].items()})

    def _layer(self, name: str, node: dict[str, Any]) -> gpd.GeoDataFrame:
        frame: gpd.GeoDataFrame = self._table(node, f"Layers.{name}")
        return frame

    def _barriers(self, node: dict[str, Any], _: str) -> Barriers:
        parts = {name: self.value(one) for name, one in node[HELD].items()}
        return Barriers(parts["fences"], parts["areas"], parts["outlines"])

    def _table(self, node: dict[str, Any], at: str) -> pd.DataFrame:
        frame = read_table_bytes(self._content(node["file"]), node[HELD])
        declared = _declared(at)
        if declared is not None:
            self.faults += declared.faults(frame)
        return frame

    def _frozen(self, name: str) -> NDArray[Any]:
        values = self._arrays[name]
        values.setflags(write=False)
        return values

    def _shapes(self, name: str) -> NDArray[np.object_]:
        content, ends = self._arrays[f"{name}.wkb"].tobytes(), self._arrays[f"{name}.ends"].tolist()
        parts = np.empty(len(ends), dtype=object)
        starts = [0, *ends][:-1]
        parts[:] = [content[start:end] or None for start, end in zip(starts, ends, strict=True)]
        shapes: NDArray[np.object_] = np.asarray(shapely.from_wkb(parts), dtype=object)
        return shapes


def _read_record(node: dict[str, Any]) -> Record:
    made: type[Record] = _class(_known(node["name"], _RECORDS))
    return made.model_validate(node[HELD])


def _known(name: str, classes: dict[str, str]) -> str:
    if name not in classes:
        raise ValueError(name)
    return name


def _declared(at: str) -> Table | None:
    """Find how a table is declared by the class and the field it is held in."""
    holder, _, field = at.partition(".")
    if holder == "Layers":
        return LAYERS.get(field)
    return RESULTS.get(_CALLED.get(at, field)) if holder else None


def _arrays(content: bytes) -> dict[str, NDArray[Any]]:
    """Read arrays that are stored as they are: packed ones could be a thousand times the file."""
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        if any(of.compress_type != zipfile.ZIP_STORED for of in packed.infolist()):
            raise ValueError(ARRAYS)
    with np.load(io.BytesIO(content), allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}
