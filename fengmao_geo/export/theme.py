"""Colours, what things are called on a page, and the one function that escapes text."""

from __future__ import annotations

import html
import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from fengmao_geo.messages import has_text, text
from fengmao_geo.standards.load import display_name, display_names, facility_types

if TYPE_CHECKING:
    from fengmao_geo.messages import Lang

__all__ = [
    "colour_rules",
    "escape",
    "facility_sign",
    "layer_name",
    "named",
    "say",
    "street_style",
    "theme",
    "type_group",
]

#: What means something to HTML, to a script or to a template even after ``html.escape``.
_BEYOND_HTML = str.maketrans({character: f"&#{ord(character)};" for character in "`$\\{}"})

#: Where a value stands in the words of a page; the page's own script fills them in the same way.
_VALUE = re.compile(r"%([a-z_]+)")


def escape(value: object) -> str:
    r"""Write any value as text that neither HTML, a script nor a template reads as anything else.

    Every string that stands in a page outside its JSON goes through here.

    Parameters
    ----------
    value
        A name, a number, anything.

    Returns
    -------
    str
        Its text with ``& < > " ' ` $ \ { }`` as entities.

    Examples
    --------
    >>> escape("{{7*7}}"), escape("<b>"), escape("")
    ('&#123;&#123;7*7&#125;&#125;', '&lt;b&gt;', '')
    """
    return html.escape(str(value), quote=True).translate(_BEYOND_HTML)


@cache
def theme() -> dict[str, Any]:
    """Read the colours of the maps and how streets are drawn.

    Examples
    --------
    >>> len(theme()["reach"]["steps"]) == len(theme()["reach"]["bounds"]) + 2
    True
    """
    return tomllib.loads(files("fengmao_geo.export").joinpath("theme.toml").read_text(encoding="utf-8"))


def colour_rules() -> str:
    """Write the colours that the style sheet uses as its variables.

    Returns
    -------
    str
        One rule for the root of the page.

    Examples
    --------
    >>> colour_rules()[:7]
    ':root {'
    """
    keys = ("reach", "block", "name", "space", "green", "site", "link", "school")
    reach, block, names, space, green, site, link, school = (theme()[key] for key in keys)
    variables = {
        **theme()["page"],
        **theme()["severity"],
        "block": block["line"],
        "reached": reach["reached"],
        "unreached": reach["unreached"],
        "unknown-ground": reach["unknown_ground"],
        "unknown-line": reach["unknown_line"],
        "part-line": reach["part_line"],
        "area": reach["area_tint"],
        "space-edge": space["edge"],
        "space-excluded": space["excluded"],
        "area-line": reach["area_line"],
        "site": site["fill"],
        "site-line": site["line"],
        "site-lost": site["lost"],
        "area-gained": site["gained"],
        "link": link["fill"],
        "link-line": link["line"],
        "link-closed": link["closed"],
        "school-number": school["improve_number"],
        "school-crossing": school["crossing"],
        "green-gain": green["gain"],
        "green-loss": green["loss"],
        **{f"bar-{state}": green[f"bar_{state}"] for state in ("before", "after", "planned")},
        **{f"name-{kind}": colour for kind, colour in names.items()},
    }
    return ":root {" + "".join(f" --{name}: {colour};" for name, colour in variables.items()) + " }\n"


def street_style(street_class: str | None) -> dict[str, Any]:
    """Find how a class of street is drawn; a lane's way where the class is not known.

    Parameters
    ----------
    street_class
        The class; ``None`` where it is missing.

    Returns
    -------
    dict
        Its ``width_m``, colours and order.

    Examples
    --------
    >>> street_style("main")["width_m"] > street_style(None)["width_m"]
    True
    """
    styles: dict[str, dict[str, Any]] = theme()["street"]
    return styles.get(street_class or "", styles["lane"])


def facility_sign(facility_type: str, *, lang: Lang = "zh") -> str:
    """Write the one or two letters a facility type is shown with on the map.

    Parameters
    ----------
    facility_type
        The type's id.
    lang
        The language of the page.

    Returns
    -------
    str
        Its sign, or the first letter of its name.

    Examples
    --------
    >>> facility_sign("kindergarten", lang="en")
    'Ki'
    >>> facility_sign("unheard_of", lang="en")
    'U'
    """
    key = f"map.sign.{facility_type}"
    if has_text(key):
        return text(key, lang=lang)
    return display_name("facility_type", facility_type, lang=lang)[:1].upper()


def type_group(facility_type: str) -> str:
    """Find the display group of a facility type; ``"other"`` where the type is not known.

    Parameters
    ----------
    facility_type
        Id of the type.

    Returns
    -------
    str
        Id of the group.

    Examples
    --------
    >>> type_group("kindergarten"), type_group("unheard_of")
    ('education', 'other')
    """
    known = facility_types().get(facility_type)
    return "other" if known is None else known.display_group


def named(kind: str, value: str, *, lang: Lang = "zh") -> str:
    """Write what a value is called where it begins a line; the value itself where it has no name.

    Parameters
    ----------
    kind
        What kind of value it is, such as ``use``.
    value
        The value.
    lang
        ``zh`` or ``en``.

    Returns
    -------
    str
        Its name with a capital.

    Examples
    --------
    >>> named("use", "residential", lang="en"), named("use", "{{x}}"), named("use", "")
    ('Residential', '{{x}}', '')
    """
    name = display_name(kind, value, lang=lang)
    return name[:1].upper() + name[1:] if value in _names().get(kind, {}) else name


@cache
def _names() -> dict[str, dict[str, dict[str, str]]]:
    return display_names()


def layer_name(layer: str, *, lang: Lang = "zh") -> str:
    """Write what a layer is called; its id where it has no name.

    Parameters
    ----------
    layer
        Id of the layer.
    lang
        ``zh`` or ``en``.

    Returns
    -------
    str
        Its name.

    Examples
    --------
    >>> layer_name("streets", lang="en"), layer_name("unheard_of")
    ('Streets', 'unheard_of')
    """
    key = f"map.layer.{layer}"
    return text(key, lang=lang) if has_text(key) else named("layer", layer, lang=lang)


def say(key: str, *, lang: Lang = "zh", **values: object) -> str:
    """Write words of a page, each ``%name`` replaced by its value once; a name without one stays.

    Parameters
    ----------
    key
        The words' name in the group ``map`` of ``messages.toml``.
    lang
        The language of the page.
    **values
        What stands for the names.

    Returns
    -------
    str
        The words.

    Examples
    --------
    >>> say("n_people", lang="en", n=12), say("n_people", lang="en")
    ('12 people', '%n people')
    """
    return _VALUE.sub(lambda found: str(values.get(found[1], found[0])), text(f"map.{key}", lang=lang))
