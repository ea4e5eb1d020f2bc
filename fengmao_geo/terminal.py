"""What the commands print: findings, tables, faults with their exit codes."""

from __future__ import annotations

import errno
import logging
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

import typer
from tqdm import tqdm

from fengmao_geo.errors import FengmaoError, NetworkError, TownError
from fengmao_geo.messages import Lang, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

__all__ = ["faults", "print_findings", "print_table", "say", "say_findings", "shown", "told"]

# What the system says, by the kinds that have words of their own.
_REASONS = {
    "ENOENT": "absent",
    "EEXIST": "in_the_way",
    "ENOTDIR": "in_the_way",
    "EACCES": "rights",
    "EPERM": "rights",
    "EROFS": "rights",
    "ENOSPC": "full",
}


@contextmanager
def faults(lang: str) -> Iterator[Lang]:
    """Turn our errors into messages and exit codes.

    Parameters
    ----------
    lang
        ``zh`` or ``en``, as it was typed.

    Yields
    ------
    str
        The language.

    Raises
    ------
    typer.Exit
        With 1 for faults in the data, 2 for wrong usage.
    """
    if lang not in ("zh", "en"):
        typer.echo(text("cli.lang", value=lang), err=True)
        raise typer.Exit(2)
    words = cast("Lang", lang)
    try:
        yield words
    except (TownError, NetworkError) as fault:
        typer.echo(fault.text(lang=words), err=True)
        raise typer.Exit(1) from None
    except FengmaoError as fault:
        typer.echo(fault.text(lang=words), err=True)
        # The rules are the town's: what was typed is refused before them.
        raise typer.Exit(1 if fault.key == "site_rules" else 2) from None
    except OSError as fault:
        typer.echo(_why_not(fault, words), err=True)
        raise typer.Exit(2) from None


def say(key: str, lang: Lang, **values: object) -> None:
    """Print one message beside the results.

    Parameters
    ----------
    key
        Its name in the group ``cli`` of the messages.
    lang
        ``zh`` or ``en``.
    **values
        What it names in braces.
    """
    typer.echo(text(f"cli.{key}", lang=lang, **values), err=True)


def _why_not(fault: OSError, lang: Lang) -> str:
    """Say why a file cannot be read or written: in words where the system's reason is a common one."""
    kind = _REASONS.get(errno.errorcode.get(fault.errno or 0, ""))
    if kind is None:
        return text("cli.os", lang=lang, reason=str(fault))
    place = "" if fault.filename is None else f" “{fault.filename}”"
    return text(f"cli.os_{kind}", lang=lang, place=place)


class _Printed(logging.Handler):
    """Print what is told, above the bar where there is one."""

    def emit(self, record: logging.LogRecord) -> None:
        tqdm.write(record.getMessage(), file=sys.stderr)


@contextmanager
def told(name: str) -> Iterator[None]:
    """Print what a part of the library tells as it goes on, beside the results.

    Parameters
    ----------
    name
        The name of its logger.

    Yields
    ------
    None
        While it is printed.
    """
    log, printed = logging.getLogger(name), _Printed()
    was = log.level
    log.setLevel(logging.INFO)
    log.addHandler(printed)
    try:
        yield
    finally:
        log.removeHandler(printed)
        log.setLevel(was)


def say_findings(key: str, findings: pd.DataFrame | None, lang: Lang) -> None:
    """Print a message for each finding beside the results.

    Parameters
    ----------
    key
        The message's name in the group ``cli``.
    findings
        The findings; ``None`` for none.
    lang
        ``zh`` or ``en``.
    """
    from fengmao_geo.findings import translate_findings  # noqa: PLC0415  heavy

    if findings is None:
        return
    table = translate_findings(findings, lang=lang)
    for row in table[["feature_id", "found", "done", "remedy"]].fillna("").to_dict("records"):
        say(key, lang, **{str(name): value for name, value in row.items()})


def print_findings(findings: pd.DataFrame, lang: Lang) -> None:
    """Print findings as a table, or that there are none.

    Parameters
    ----------
    findings
        The findings.
    lang
        ``zh`` or ``en``.
    """
    from fengmao_geo.export.finding_files import finding_rows  # noqa: PLC0415  heavy

    if not len(findings):
        say("no_findings", lang)
        return
    print_table(finding_rows(findings, lang=lang))


def shown(standard: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Name the columns, and say yes and no, in the reader's language.

    Parameters
    ----------
    standard
        A table of planning knowledge.
    lang
        ``zh`` or ``en``.

    Returns
    -------
    DataFrame
        The same rows.
    """
    said = {True: text("label.yes", lang=lang), False: text("label.no", lang=lang)}
    is_answer = {str(name): set(standard[name].dropna().map(type)) == {bool} for name in standard}
    answers = {name: standard[name].map(said) for name, of in is_answer.items() if of}
    heads = {name: text(f"standard_column.{name}", lang=lang) for name in standard.columns}
    return standard.assign(**answers).rename(columns=heads)


def print_table(table: pd.DataFrame) -> None:
    """Print tab-separated lines, which a person can read and a script can cut.

    Parameters
    ----------
    table
        What to print.
    """
    typer.echo(table.to_csv(sep="\t", index=False).rstrip("\n"))
