"""What is said of a space, in words: its kind, its name, why it was found, what it may become."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from fengmao_geo.export.theme import say
from fengmao_geo.messages import has_text, text
from fengmao_geo.standards.load import display_name
from fengmao_geo.standards.spaces import space_kinds
from fengmao_geo.standards.uses import controls, uses

if TYPE_CHECKING:
    from fengmao_geo.messages import Lang
    from fengmao_geo.standards.spaces import SpaceKind
    from fengmao_geo.standards.uses import Control, Use

__all__ = [
    "VALUE",
    "capital",
    "control_name",
    "evidence_parts",
    "evidence_words",
    "kind_name",
    "place_name",
    "reason_words",
    "rounded",
    "use_name",
]

#: One condition of a rule, such as ``water_share>=0.2``.
_CONDITION = re.compile(r"([a-z0-9_]+)(>=|<=|=)(.+)")
#: Stands for the value in words about evidence.
VALUE = "%value"

_NO_OTHER = "no other kind"
_SIGNS = {">=": "≥", "<=": "≤", "=": "="}
_DIRECTION = re.compile(r"(.+) (\S+?)(?:\((\d+)\))?")
# What the values of an evidence are called, where they are words of ours.
_WORDS = ("status", "lease", "owner")
_FEW = 10


def capital(words: str) -> str:
    """Write words as they begin a line.

    Parameters
    ----------
    words
        The words.

    Returns
    -------
    str
        The same with a capital.

    Examples
    --------
    >>> capital("pocket park")
    'Pocket park'
    """
    return words[:1].upper() + words[1:]


def kind_name(kind: str, *, is_suspected: bool = False, lang: Lang = "zh") -> str:
    """Write what a kind of space is called, marked where it is only suspected.

    Parameters
    ----------
    kind
        Its id; one that is not known is written as it is.
    is_suspected
        Whether it is yet to be checked.
    lang
        ``zh`` or ``en``.

    Returns
    -------
    str
        Its name.

    Examples
    --------
    >>> kind_name("granary", is_suspected=True, lang="en")
    'Suspected idle granary (to be checked)'
    >>> kind_name("low_yield_plot", is_suspected=True, lang="en")
    'Suspected low-yield plot (to be certified)'
    """
    known = space_kinds().kinds.get(kind)
    if known is None:
        return kind
    name = _name_of(known, lang)
    is_said = name.startswith(say("space_suspected", lang=lang, kind="").split("(")[0].strip())
    return capital(say("space_suspected", lang=lang, kind=name) if is_suspected and not is_said else name)


def place_name(name: str, *, lang: Lang = "zh") -> str:
    """Write a space's name, its direction in the reader's language; names of places stay as they are.

    Parameters
    ----------
    name
        The name as the table of spaces holds it.
    lang
        ``zh`` or ``en``.

    Returns
    -------
    str
        The name.

    Examples
    --------
    >>> from fengmao_geo.messages import text
    >>> name = text("space.named", place="Mill Lane", where=text("direction.ne"))
    >>> place_name(name, lang="en"), place_name("Mill Lane", lang="en")
    ('Mill Lane, north-east side', 'Mill Lane')
    """
    found = _DIRECTION.fullmatch(name)
    if lang == "zh" or found is None or found[2] not in _directions():
        return name
    place = text("space.no_street", lang=lang) if found[1] == text("space.no_street") else found[1]
    where = text(f"direction.{_directions()[found[2]]}", lang=lang)
    named_in_full = text("space.named", lang=lang, place=place, where=where)
    return text("space.again", lang=lang, name=named_in_full, number=found[3]) if found[3] else named_in_full


@cache
def _directions() -> dict[str, str]:
    sides, corners = ("e", "ne", "n", "nw", "w", "sw", "s", "se"), ("ne", "nw", "sw", "se")
    return {text(f"direction.{way}"): way for way in (*sides, *(f"{way}_corner" for way in corners))}


def rounded(number: float) -> str:
    """Write a measure as people read it: whole, or to one decimal where it is small.

    Parameters
    ----------
    number
        The measure.

    Returns
    -------
    str
        Its text.

    Examples
    --------
    >>> rounded(1280.26), rounded(8.06), rounded(8.0), rounded(0.04)
    ('1,280', '8.1', '8', '0.04')
    """
    if 0 < abs(number) < 1:
        return f"{number:.2g}"
    return f"{number:,.0f}" if abs(number) >= _FEW else f"{number:.1f}".removesuffix(".0")


def evidence_words(rule: str, evidence: str, *, lang: Lang = "zh") -> list[str]:
    """Say why a space was found: each value that was measured, beside what the rule asks of it.

    Parameters
    ----------
    rule
        The test that fired, such as ``water_m>=8;water_share>=0.2``.
    evidence
        What was measured, such as ``water_m=18.2;water_share=0.31``.
    lang
        ``zh`` or ``en``.

    Returns
    -------
    list of str
        One text per value.

    Examples
    --------
    >>> evidence_words("deck_share>=0.5", "deck_share=0.75", lang="en")
    ['Share under a deck: 75% (≥50%)']
    >>> evidence_words("", "")
    []
    """
    parts = evidence_parts(rule, evidence, lang=lang)
    return [words.replace(VALUE, value) for words, value in parts]


def evidence_parts(rule: str, evidence: str, *, lang: Lang = "zh") -> list[tuple[str, str]]:
    """Say why a space was found, the words apart from the values: the words are few and return.

    Parameters
    ----------
    rule
        The test that fired.
    evidence
        What was measured.
    lang
        ``zh`` or ``en``.

    Returns
    -------
    list of tuple
        Words in which ``%value`` stands for the value, and the value.

    Examples
    --------
    >>> evidence_parts("deck_share>=0.5", "deck_share=0.75", lang="en")
    [('Share under a deck: %value (≥50%)', '75%')]
    """
    conditions = [found.groups() for part in rule.split(";") if (found := _CONDITION.fullmatch(part))]
    measured = dict(part.split("=", 1) for part in evidence.split(";") if "=" in part)
    asked = {key: (sign, value) for key, sign, value in conditions if sign != "=" or key not in measured}
    no_other = [(text("evidence.no_other_kind", lang=lang), "")] if rule == _NO_OTHER else []
    said = [
        (_label(key, lang) + _limit(key, asked.get(key), lang), _value(key, value, lang))
        for key, value in measured.items()
    ]
    unsaid = [
        (_label(key, lang), _value(key, value, lang))
        for key, (_, value) in asked.items()
        if key not in measured
    ]
    return [*no_other, *said, *unsaid]


def _label(key: str, lang: Lang) -> str:
    label = f"evidence.{key}"
    return capital(text(label, lang=lang) if has_text(label) else key) + say("colon", lang=lang) + VALUE


def _limit(key: str, asked: tuple[str, str] | None, lang: Lang) -> str:
    """Write what a rule asks of a value."""
    if asked is None:
        return ""
    sign, least = asked
    return text("evidence.limit", lang=lang, sign=_SIGNS[sign], value=_value(key, least, lang))


def _value(key: str, value: str, lang: Lang) -> str:
    """Write a value of evidence or of a reason as people read it."""
    if key in _WORDS:
        return display_name(key, value, lang=lang)
    if key == "allowed":
        return text("label.list_mark", lang=lang).join(
            display_name("owner", part, lang=lang) for part in value.split(",")
        )
    if key == "kind":
        return kind_name(value, lang=lang)
    try:
        number = float(value)
    except ValueError:
        label = f"evidence.{value}"
        return text(label, lang=lang) if has_text(label) else value
    if key.endswith("_share"):
        return f"{number:.0%}"
    return value if key.endswith("_code") else rounded(number)


def control_name(control: str, *, lang: Lang = "zh") -> str:
    """Write what a control is called; a reason, or its id, where it is none of those shipped.

    Parameters
    ----------
    control
        Its id.
    lang
        ``zh`` or ``en``.

    Returns
    -------
    str
        Its name.

    Examples
    --------
    >>> control_name("redline", lang="en"), control_name("{{x}}")
    ('ecological red line', '{{x}}')
    """
    known = controls().get(control)
    return _reason(control, lang) if known is None else _name_of(known, lang)


def use_name(use: str, *, lang: Lang = "zh") -> str:
    """Write what a use is called; its id where it is none of those shipped.

    Parameters
    ----------
    use
        Its id.
    lang
        ``zh`` or ``en``.

    Returns
    -------
    str
        Its name.

    Examples
    --------
    >>> use_name("pocket_park", lang="en"), use_name("{{x}}")
    ('pocket park', '{{x}}')
    """
    known = uses().get(use)
    return use if known is None else _name_of(known, lang)


def _name_of(record: SpaceKind | Use | Control, lang: Lang) -> str:
    return record.name_zh if lang == "zh" else record.name_en


def reason_words(reason: str, *, lang: Lang = "zh") -> str:
    """Write the reason why a use fits or does not.

    Parameters
    ----------
    reason
        As the table ``possible_uses`` holds it, such as ``no=area;area_m2=80;min_area_m2=400``.
    lang
        ``zh`` or ``en``.

    Returns
    -------
    str
        A text for people, empty where there is none.

    Examples
    --------
    >>> reason_words("no=area;area_m2=80;min_area_m2=400", lang="en")
    'Not possible: area; area (m²): 80; at least (m²): 400'
    """
    if not reason:
        return ""
    head, *rest = reason.split(";")
    verdict, _, codes = head.partition("=")
    mark, colon = text("label.list_mark", lang=lang), say("colon", lang=lang)
    said = mark.join(control_name(code, lang=lang) for code in codes.split(","))
    told = [
        f"{_reason(key, lang)}{colon}{_value(key, value, lang)}"
        for key, _, value in (part.partition("=") for part in rest)
    ]
    first = f"{_reason(verdict, lang)}{colon}{said}"
    return capital(say("semicolon", lang=lang).join([first, *told]))


def _reason(code: str, lang: Lang) -> str:
    return text(f"reason.{code}", lang=lang) if has_text(f"reason.{code}") else code
