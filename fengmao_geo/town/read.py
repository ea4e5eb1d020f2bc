"""A folder and its town.toml to a Town: every fault of every layer at once."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from fengmao_geo.errors import TownError
from fengmao_geo.findings import Finding, findings_table
from fengmao_geo.geo.crs import parse_crs
from fengmao_geo.standards.load import field_names
from fengmao_geo.tables import LAYERS
from fengmao_geo.town.check import Source
from fengmao_geo.town.town import Town, TownSettings, build_town
from fengmao_geo.town.vector import read_vector

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fengmao_geo.geo.zones import Stated

__all__ = ["read_town"]

_FILE = "town.toml"


def _as_text(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _TownPart(_Part):
    name: str
    crs: str
    boundary_basis: str = ""
    boundary_year: int | None = None
    bridges_complete: bool = False
    surveyed_types: Annotated[list[str], BeforeValidator(_as_list)] = Field(default_factory=list)
    notice: str = ""
    people_total: Annotated[float, Field(gt=0, strict=False)] | None = None


class _LayerPart(_Part):
    path: str
    layer: str | None = None
    crs: str | None = None
    encoding: str | None = None
    x: str | None = None
    y: str | None = None
    codes: Literal["sandiao", "gbt21010", "ydyh2023", "osm"] | None = None
    date: Annotated[str, BeforeValidator(_as_text)] | None = None
    fields: dict[str, str] = Field(default_factory=dict)


class _TownFile(_Part):
    town: _TownPart
    layers: dict[str, _LayerPart]


def read_town(path: str | Path) -> Town:
    """Read a town from its folder.

    Parameters
    ----------
    path
        The folder, or the ``town.toml`` in it.

    Returns
    -------
    Town
        The town, checked, in one projected CRS in metres.

    Raises
    ------
    TownError
        If anything in the file or in the layers is at fault; it carries the findings of all of them.

    Examples
    --------
    >>> from fengmao_geo.town.sample import sample_folder
    >>> read_town(sample_folder()).crs.to_epsg()
    4549
    """
    file = Path(path) / _FILE if Path(path).is_dir() else Path(path)
    described = _described(file)
    named, found = _named_layers(described.layers)
    sources: dict[str, Source] = {}
    for layer, part in named.items():
        try:
            sources[layer], more = _source(file.parent, layer, part)
            found += more
        except TownError as error:
            found += _findings(error)
    return build_town(
        sources,
        name=described.town.name,
        crs=parse_crs(described.town.crs),
        settings=_settings(described.town, named),
        findings=found,
    )


def _described(file: Path) -> _TownFile:
    """Read ``town.toml`` or refuse it with every fault named."""
    try:
        raw = tomllib.loads(file.read_text(encoding="utf-8-sig"))
        return _TownFile.model_validate(raw)
    except FileNotFoundError:
        found = [Finding("toml_missing", _FILE, values={"file": str(file)})]
    except OSError as reason:
        found = [Finding("toml_unreadable", _FILE, values={"reason": reason.strerror or str(reason)})]
    except UnicodeDecodeError:
        found = [Finding("toml_not_utf8", _FILE)]
    except tomllib.TOMLDecodeError as reason:
        found = [Finding("toml_broken", _FILE, values={"reason": str(reason)})]
    except ValidationError as reason:
        found = [_toml_fault(dict(error)) for error in reason.errors()]
    raise TownError("town_faults", findings_table(found), count=len(found), name=file.parent.name)


def _toml_fault(error: Mapping[str, Any]) -> Finding:
    codes = {"missing": "toml_key_missing", "extra_forbidden": "toml_key_unknown"}
    *_, parent, key = ["", "", *(str(part) for part in error["loc"])]
    kind = _TownFile if not parent else _TownPart if parent == "town" else _LayerPart
    values = {
        "entry": ".".join(str(part) for part in error["loc"]),
        "found": str(error["input"])[:60],
        "reason": error["msg"],
        "known": ", ".join(kind.model_fields),
    }
    return Finding(codes.get(error["type"], "toml_value"), _FILE, column=key, values=values)


def _named_layers(parts: Mapping[str, _LayerPart]) -> tuple[dict[str, _LayerPart], list[Finding]]:
    """Find the library's names of the layers."""
    names = field_names()
    named: dict[str, _LayerPart] = {}
    found = []
    for theirs, part in parts.items():
        layer = theirs if theirs in LAYERS else names.layer(theirs)
        if layer is None or layer not in LAYERS:
            found.append(Finding("layer_unknown", theirs, values={"known": ", ".join(LAYERS)}))
        elif layer in named:
            found.append(Finding("layer_twice", layer, values={"theirs": theirs}))
        else:
            named[layer] = part
    return named, found


def _source(folder: Path, layer: str, part: _LayerPart) -> tuple[Source, list[Finding]]:
    frame, found = read_vector(
        folder / part.path, layer=layer, table=part.layer, encoding=part.encoding, x=part.x, y=part.y
    )
    of_file: Stated = None if frame.crs is None else parse_crs(frame.crs)
    stated = of_file if part.crs is None else parse_crs(part.crs)
    if of_file is not None and stated != of_file:
        values = {"stated": str(part.crs), "file": frame.crs.name}
        found.append(Finding("crs_overridden", layer, values=values))
    return Source(frame, stated, part.fields), found


def _settings(town: _TownPart, named: Mapping[str, _LayerPart]) -> TownSettings:
    return TownSettings(
        boundary_basis=town.boundary_basis,
        boundary_year=town.boundary_year,
        bridges_complete=town.bridges_complete,
        surveyed_types="all" if town.surveyed_types == ["all"] else frozenset(town.surveyed_types),
        notice=town.notice,
        people_total=town.people_total,
        dates={layer: part.date for layer, part in sorted(named.items()) if part.date},
        codes={layer: part.codes for layer, part in sorted(named.items()) if part.codes},
    )


def _findings(error: TownError) -> list[Finding]:
    table = error.findings
    columns = (table[name] for name in ("code", "layer", "feature_id", "column", "values", "point"))
    return [Finding(*row) for row in zip(*columns, strict=True)]
