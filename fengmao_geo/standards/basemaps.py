"""Web basemaps by name: where their tiles lie, and in which degrees they are drawn."""

from __future__ import annotations

from functools import cache
from typing import Annotated

from pydantic import Field

from fengmao_geo.errors import UsageError
from fengmao_geo.standards.files import read_entries, shipped
from fengmao_geo.standards.records import Record, Tag, Words

__all__ = ["Basemap", "BasemapFile", "basemap", "basemaps"]


class Basemap(Record):
    """A web basemap.

    Parameters
    ----------
    basemap
        Its id.
    name_zh, name_en
        Its names.
    tiles
        Addresses of its tiles, the lowest first, with ``{s}``, ``{x}``, ``{y}``, ``{z}`` and ``{key}``.
    hosts
        Where these lie, as a page's security policy names it.
    subdomains
        What stands for ``{s}``, a letter each.
    needs_key
        Whether ``{key}`` must be given by the user.
    is_shifted
        Whether it is drawn in GCJ-02 degrees.
    max_zoom
        The closest zoom it has tiles of.
    attribution_zh, attribution_en
        What is printed on the map.
    source, tag
        Where that comes from and how sure it is.
    """

    basemap: Words
    name_zh: Words
    name_en: Words
    tiles: tuple[Words, ...]
    hosts: Words
    subdomains: Words
    needs_key: bool
    is_shifted: bool
    max_zoom: Annotated[int, Field(gt=0)]
    attribution_zh: Words
    attribution_en: Words
    source: Words
    tag: Tag


class BasemapFile(Record):
    """All basemaps.

    Parameters
    ----------
    source, tag
        Where they come from and how sure they are.
    basemaps
        By their id.
    """

    source: Words
    tag: Tag
    basemaps: dict[str, Basemap]


@cache
def _shipped_basemaps() -> dict[str, Basemap]:
    return read_entries(shipped("basemaps.toml"), BasemapFile, "basemaps", "basemap")


def basemaps() -> dict[str, Basemap]:
    """List the basemaps.

    Returns
    -------
    dict
        By their id.

    Examples
    --------
    >>> basemaps()["gaode"].is_shifted
    True
    """
    return dict(_shipped_basemaps())


def basemap(name: str, *, key: str | None = None) -> Basemap:
    """Find a basemap, its key put in.

    Parameters
    ----------
    name
        Its id.
    key
        The user's own key, where one is needed: letters, digits, ``-`` and ``_``.

    Returns
    -------
    Basemap
        With addresses that are ready for a page.

    Raises
    ------
    UsageError
        If there is no such basemap, or it needs a key and was given none, or one that is none.

    Examples
    --------
    >>> basemap("tianditu", key="0a1b2c3d").tiles[0].endswith("tk=0a1b2c3d")
    True
    """
    found = _shipped_basemaps().get(name)
    if found is None:
        raise UsageError("basemap_unknown", name=name, known=", ".join(_shipped_basemaps()))
    if not found.needs_key:
        return found
    if not key or not key.isascii() or not key.replace("-", "").replace("_", "").isalnum():
        raise UsageError("basemap_key", name=name)
    return found.model_copy(update={"tiles": tuple(one.replace("{key}", key) for one in found.tiles)})
