"""Names of communities, villages and grids as tables write them, with or without what they are."""

from __future__ import annotations

from functools import cache

from fengmao_geo.standards.files import read_record, read_toml, shipped
from fengmao_geo.standards.names import normalise
from fengmao_geo.standards.records import Record, Tag, Words

__all__ = ["JoinNames", "join_names"]


class JoinNames(Record):
    """Words that end names, and words of rows that are sums.

    Parameters
    ----------
    totals
        Names of rows that sum up the others.
    kinds
        Kind of place, then the endings of its names.
    source, tag
        Where the words come from and how sure they are.
    """

    source: Words
    tag: Tag
    totals: tuple[Words, ...]
    kinds: dict[str, tuple[Words, ...]]

    def parts(self, name: str) -> tuple[str, str]:
        """Take a name's ending off.

        Parameters
        ----------
        name
            The name, normalised.

        Returns
        -------
        tuple
            The name without its ending, and the kind that the ending tells; the name itself and an empty
            text where it has none.

        Examples
        --------
        >>> join_names().parts("x")
        ('x', '')
        """
        fitting = [
            (len(ending), kind)
            for kind, endings in self.kinds.items()
            for ending in map(normalise, endings)
            if name.endswith(ending) and len(ending) < len(name)
        ]
        length, kind = max(fitting, default=(0, ""))
        return name[: len(name) - length], kind

    def is_total(self, name: str) -> bool:
        """Say whether a row's name, normalised, says that the row is a sum."""
        return name in {normalise(word) for word in self.totals}


@cache
def join_names() -> JoinNames:
    """Read the words that end names of places.

    Returns
    -------
    JoinNames
        The words.

    Examples
    --------
    >>> sorted(join_names().kinds)
    ['community', 'grid', 'village']
    """
    path = shipped("join_names.toml")
    return read_record(path, JoinNames, read_toml(path))
