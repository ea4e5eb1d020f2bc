"""Every error the library raises; each is also the built-in error a user would catch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fengmao_geo.messages import Lang, has_text, sentence, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from pyproj import CRS

__all__ = [
    "FengmaoError",
    "NetworkError",
    "StandardError",
    "TableError",
    "TownError",
    "UnknownNameError",
    "UsageError",
    "usage_error",
]


class FengmaoError(Exception):
    """An error with its message in both languages.

    Parameters
    ----------
    key
        The message's name in the group ``error`` of ``messages.toml``.
    **values
        What the message names in braces.
    """

    def __init__(self, key: str, **values: object) -> None:
        self.key = key
        self.values = values
        super().__init__(key)

    def __str__(self) -> str:
        return self.text()

    def text(self, *, lang: Lang = "zh") -> str:
        """Write the message in Chinese or English.

        Parameters
        ----------
        lang
            ``zh`` or ``en``.

        Returns
        -------
        str
            The message.
        """
        return text(f"error.{self.key}", lang=lang, **self.values)


class UsageError(FengmaoError, ValueError):
    """An argument is wrong.

    Parameters
    ----------
    key
        The message's name in the group ``error`` of ``messages.toml``.
    **values
        What the message names in braces.
    """


class _Several:
    """Errors that write themselves in the language that a message asks for: ``{faults:zh}``."""

    def __init__(self, faults: Sequence[FengmaoError]) -> None:
        self.faults = faults

    def __format__(self, lang: str) -> str:
        return "".join(f"\n- {fault.text(lang='en' if lang == 'en' else 'zh')}" for fault in self.faults)


def usage_error(faults: Sequence[FengmaoError]) -> UsageError:
    """Make one error of all that is wrong with what was asked.

    Parameters
    ----------
    faults
        What is wrong, one or more.

    Returns
    -------
    UsageError
        To be raised; of one fault with its own words, of several with a line for each.
    """
    if len(faults) == 1:
        return UsageError(faults[0].key, **faults[0].values)
    return UsageError("several", faults=_Several(faults))


class StandardError(FengmaoError, ValueError):
    """A data file of planning knowledge is wrong.

    Parameters
    ----------
    key
        The message's name in the group ``error`` of ``messages.toml``.
    **values
        What the message names in braces.
    """


class UnknownNameError(FengmaoError, KeyError):
    """A name that is not in a table of names.

    Parameters
    ----------
    key
        The message's name in the group ``error`` of ``messages.toml``.
    **values
        What the message names in braces.
    """


class TableError(FengmaoError, ValueError):
    """A table breaks its declaration; ``faults`` lists every fault at once.

    Parameters
    ----------
    table
        The table's name.
    faults
        Each fault's name in the group ``fault`` of ``messages.toml``, and what it names in braces.
    """

    def __init__(self, table: str, faults: list[tuple[str, dict[str, Any]]]) -> None:
        self.faults = faults
        super().__init__("table", table=table)

    def text(self, *, lang: Lang = "zh") -> str:
        """Write one line per fault in Chinese or English.

        Parameters
        ----------
        lang
            ``zh`` or ``en``.

        Returns
        -------
        str
            The message, then a line for each fault.
        """
        lines = [text(f"fault.{key}", lang=lang, **values) for key, values in self.faults]
        return "\n".join([super().text(lang=lang), *(f"- {line}" for line in lines)])


class _FindingsError(FengmaoError, ValueError):
    """An error that carries the table of all findings."""

    def __init__(self, key: str, findings: pd.DataFrame, **values: object) -> None:
        self.findings = findings
        super().__init__(key, **values)

    def text(self, *, lang: Lang = "zh") -> str:
        """Write one line per error in Chinese or English."""
        faults = self.findings[self.findings["severity"] == "error"]
        called = {
            layer: text(f"place.{layer}", lang=lang)
            for layer in faults["layer"].unique()
            if has_text(f"place.{layer}")
        }
        lines = [
            f"{' '.join(str(part) for part in place if part)}: {sentence(code, values, lang=lang)}"
            for code, values, *place in zip(
                faults["code"],
                faults["values"],
                faults["layer"].replace(called),
                faults["feature_id"],
                faults["column"],
                strict=True,
            )
        ]
        return "\n".join([super().text(lang=lang), *(f"- {line}" for line in lines)])


class TownError(_FindingsError):
    """The town's data have faults; ``findings`` is the table of all of them.

    Parameters
    ----------
    key
        The message's name in the group ``error`` of ``messages.toml``.
    findings
        The table ``findings``; the message lists the errors in it.
    crs
        The CRS of the places of the findings, where it is known.
    **values
        What the message names in braces.
    """

    def __init__(self, key: str, findings: pd.DataFrame, *, crs: CRS | None = None, **values: object) -> None:
        self.crs = crs
        super().__init__(key, findings, **values)


class NetworkError(_FindingsError):
    """The streets cannot make a network; ``findings`` says why.

    Parameters
    ----------
    key
        The message's name in the group ``error`` of ``messages.toml``.
    findings
        The table ``findings``; the message lists the errors in it.
    **values
        What the message names in braces.
    """
