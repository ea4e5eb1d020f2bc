"""Other people's names of layers, columns and values, and ours for them."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["ANY", "YES_NO", "FieldNames", "edit_distance", "normalise", "shared_names"]

#: What stands for all layers in a file of names.
ANY = "any"

#: What stands for all yes/no columns.
YES_NO = "yes_no"

#: Bytes that a shapefile keeps of a column's name.
_CUT_BYTES = 10

_DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u301c~", "-"))


def normalise(name: object) -> str:
    """Write a name as it is compared: no blanks, full-width forms narrowed, case folded, one kind of dash.

    Parameters
    ----------
    name
        A text; other values are written as one.

    Returns
    -------
    str
        What is compared.

    Examples
    --------
    >>> normalise(" Floor Count ")
    'floorcount'
    >>> normalise(1.0), normalise(True), normalise("")
    ('1', 'true', '')
    """
    if isinstance(name, float) and name.is_integer():
        name = int(name)
    return _folded(str(name))


@lru_cache(maxsize=16_384)
def _folded(name: str) -> str:
    """Fold a text; the same few names are compared with every layer's."""
    folded = unicodedata.normalize("NFKC", name).casefold().translate(_DASHES)
    return "".join(folded.split())


def shared_names(names: Mapping[str, Iterable[str]]) -> list[str]:
    """List the normalised names that would mean two things at once.

    Parameters
    ----------
    names
        Thing, then all its names.

    Returns
    -------
    list of str
        ``name (thing, thing)``, in alphabetical order.

    Examples
    --------
    >>> shared_names({"width_m": ["w"], "level": ["W"]})
    ['w (level, width_m)']
    >>> shared_names({})
    []
    """
    things: dict[str, set[str]] = {}
    for thing, theirs in names.items():
        for name in [thing, *theirs]:
            things.setdefault(normalise(name), set()).add(thing)
    return [f"{name} ({', '.join(sorted(of))})" for name, of in sorted(things.items()) if len(of) > 1]


@dataclass(frozen=True, repr=False)
class FieldNames:
    """The library's name for somebody else's name of a layer, a column or a value.

    Parameters
    ----------
    layers
        Layer, then its other names.
    columns
        Layer (``any`` for all), column, then its other names in order of preference.
    values
        Layer (``any`` for all), column (``yes_no`` for all yes/no columns), value, then its other words.
    coordinates
        ``x`` and ``y``, then the names that columns of coordinates bear.

    Examples
    --------
    >>> columns = {"any": {"id": ("BSM",)}, "parcels": {"land_code": ("DLBM",)}}
    >>> names = FieldNames({"parcels": ("DLTB",)}, columns, {})
    >>> names.layer("dltb"), names.column("parcels", "bsm"), names.column("parcels", "other")
    ('parcels', 'id', None)
    """

    layers: Mapping[str, tuple[str, ...]]
    columns: Mapping[str, Mapping[str, tuple[str, ...]]]
    values: Mapping[str, Mapping[str, Mapping[str, tuple[str, ...]]]]
    coordinates: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __repr__(self) -> str:
        """Count what it knows."""
        return f"<FieldNames: {len(self.layers)} layers, {sum(map(len, self.columns.values()))} columns>"

    def layer(self, theirs: str) -> str | None:
        """Find the library's name of a layer; ``None`` if it is not known."""
        return _inverse(self.layers).get(normalise(theirs))

    def column(self, layer: str, theirs: str) -> str | None:
        """Find the library's name of a layer's column; ``None`` if it is not known."""
        return _inverse(self.columns_of(layer)).get(normalise(theirs))

    def columns_found(self, layer: str, theirs: Iterable[str]) -> dict[str, str]:
        """Find the library's names of a layer's columns, each used once.

        Where two of theirs mean one column, the library's own name wins, then the one named first in the file
        of names; the others are left out.

        Parameters
        ----------
        layer
            The library's name of the layer.
        theirs
            The names of its columns as they came.

        Returns
        -------
        dict
            Their name, then the library's, in the order they came.
        """
        came = list(theirs)
        by_name = {normalise(name): name for name in reversed(came)}
        found = {}
        for column in self.columns_of(layer):
            tried = (by_name.get(normalise(name)) for name in self.names_tried(layer, column))
            if (name := next((name for name in tried if name is not None), None)) is not None:
                found[name] = column
        return {name: found[name] for name in came if name in found}

    def columns_cut(self, layer: str, theirs: str) -> dict[str, str]:
        """Find the columns that a name may mean of which a shapefile has kept ten bytes.

        Parameters
        ----------
        layer
            The library's name of the layer.
        theirs
            The name as it came.

        Returns
        -------
        dict
            The library's name of each such column, then the whole name of theirs.
        """
        tried = {column: self.names_tried(layer, column) for column in self.columns_of(layer)}
        cut = {
            column: [name for name in names if normalise(theirs) in _cut_forms(name)]
            for column, names in tried.items()
        }
        return {column: names[0] for column, names in cut.items() if names}

    def columns_of(self, layer: str) -> dict[str, tuple[str, ...]]:
        """List a layer's columns with their other names, those of every layer included."""
        own = self.columns.get(layer, {})
        return {
            **own,
            **{name: other for name, other in self.columns.get(ANY, {}).items() if name not in own},
        }

    def names_tried(self, layer: str, column: str) -> list[str]:
        """List the names under which a column is looked for, in order of preference."""
        return [column, *self.columns_of(layer).get(column, ())]

    def words(self, layer: str, column: str) -> dict[str, str | bool]:
        """List the words a column may hold, normalised, with the value of each; empty if it may hold any."""
        if column.startswith(("is_", "has_")):
            yes_no = self.values.get(ANY, {}).get(YES_NO, {})
            return {word: value == "yes" for word, value in _inverse(yes_no).items()}
        return dict(_inverse(self.values.get(layer, {}).get(column, {})))

    def value(self, layer: str, column: str, theirs: object) -> str | bool | None:
        """Find the value that a word means, such as ``residential``; ``None`` if it is not known."""
        return self.words(layer, column).get(normalise(theirs))


def _cut_forms(name: str) -> set[str]:
    """Cut a name as shapefiles do, whose names hold ten bytes of GBK or UTF-8."""
    coded = {codec: name.encode(codec, errors="ignore") for codec in ("gbk", "utf-8")}
    return {
        normalise(whole[:_CUT_BYTES].decode(codec, errors="ignore"))
        for codec, whole in coded.items()
        if len(whole) > _CUT_BYTES
    }


def edit_distance(one: str, other: str) -> int:
    """Count the letters to be put in, left out or changed to make one text of another.

    Parameters
    ----------
    one, other
        The texts.

    Returns
    -------
    int
        The least number of such steps.

    Examples
    --------
    >>> edit_distance("0601", "0602"), edit_distance("", "ab")
    (1, 2)
    """
    row = list(range(len(other) + 1))
    for place, letter in enumerate(one, start=1):
        before, row = row, [place]
        for column, other_letter in enumerate(other, start=1):
            changed = before[column - 1] + (letter != other_letter)
            row.append(min(before[column] + 1, row[-1] + 1, changed))
    return row[-1]


def _inverse(names: Mapping[str, Iterable[str]]) -> dict[str, str]:
    return {normalise(name): ours for ours, theirs in names.items() for name in (ours, *theirs)}
