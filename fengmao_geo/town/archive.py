"""Archives: opened only in a folder that is removed again, and only as far as they are what they seem."""

from __future__ import annotations

import stat
import zipfile
import zlib
from collections import Counter
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from fengmao_geo.town.first_bytes import refuse

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["check_archive", "opened_archive"]

#: What no bureau's archive of a layer exceeds: members, bytes of all, and how much one shrinks (blank fields
#: of a .dbf shrink far; deflate itself ends at 1032).
_MEMBERS, _BYTES, _RATIO = 10_000, 4 * 1024**3, 400
#: A member smaller than this does no harm, however much it shrinks.
_SMALL = 16 * 1024**2

#: The bit that says a member's name is UTF-8; without it, Windows writes names in its own code page.
_NAME_IS_UTF8, _IS_ENCRYPTED = 0x800, 0x1
_CHUNK = 1024**2

#: What other systems put into archives beside the data.
_LITTER = ("__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini")


def check_archive(path: Path, *, layer: str) -> None:
    """Refuse an archive with too many members, too large ones, locked ones, or ones that leave its folder.

    Parameters
    ----------
    path
        The archive.
    layer
        The layer that it is to become, for the finding.

    Raises
    ------
    TownError
        If it is not what an archive of data is, or is not whole.
    """
    with _opened(path, layer) as archive:
        _names(archive, path, layer)


@contextmanager
def opened_archive(path: Path, *, layer: str) -> Iterator[Path]:
    """Open an archive in a folder of its own, which is removed when it is left.

    Parameters
    ----------
    path
        The archive.
    layer
        The layer that it is to become, for the findings.

    Yields
    ------
    Path
        The folder, with the members under the names they were packed by, whatever the code page.

    Raises
    ------
    TownError
        If it is not what an archive of data is, or is not whole.
    """
    with TemporaryDirectory() as folder, _opened(path, layer) as archive:
        home, left = Path(folder).resolve() / "whole", _BYTES
        home.mkdir()
        for member, name in _names(archive, path, layer).items():
            target = home.joinpath(*PurePosixPath(name).parts)
            target.parent.mkdir(parents=True, exist_ok=True)
            left -= _unpack(archive, member, target, left=left, layer=layer, file=path.name)
        yield home


@contextmanager
def _opened(path: Path, layer: str) -> Iterator[zipfile.ZipFile]:
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as reason:
        refuse("file_broken", layer, file=path.name, reason=str(reason))
    with archive:
        yield archive


def _names(archive: zipfile.ZipFile, path: Path, layer: str) -> dict[zipfile.ZipInfo, str]:
    """Name the members that hold data, and refuse the archive if one of them is not to be opened."""
    members = archive.infolist()
    if len(members) > _MEMBERS:
        refuse("archive_large", layer, file=path.name, what=f"{len(members)} > {_MEMBERS}")
    size = sum(member.file_size for member in members)
    if size > _BYTES:
        refuse("archive_large", layer, file=path.name, what=f"{size} > {_BYTES} B")
    names: dict[zipfile.ZipInfo, str] = {}
    for member in members:
        name = _name(member)
        if member.is_dir() or set(_LITTER) & set(PurePosixPath(name).parts):
            continue
        _check_member(member, name, file=path.name, layer=layer)
        names[member] = name
    counts = Counter(name.casefold() for name in names.values())
    if twice := [name for name, count in counts.items() if count > 1]:
        refuse("archive_member", layer, file=path.name, member=twice[0])
    return names


def _name(member: zipfile.ZipInfo) -> str:
    """Read a member's name as it was meant: Chinese Windows writes GBK and does not say so."""
    name = member.filename
    if not member.flag_bits & _NAME_IS_UTF8 and not name.isascii():
        raw = name.encode("cp437")
        for codec in ("utf-8", "gb18030"):
            try:
                name = raw.decode(codec)
                break
            except UnicodeDecodeError:
                continue
    return name.replace("\\", "/")


def _check_member(member: zipfile.ZipInfo, name: str, *, file: str, layer: str) -> None:
    if member.flag_bits & _IS_ENCRYPTED:
        refuse("file_locked", layer, file=file)
    parts = PurePosixPath(name).parts
    is_link = stat.S_IFMT(member.external_attr >> 16) not in (0, stat.S_IFREG)
    is_outside = name.startswith("/") or ".." in parts or any(set(part) & set(':!;*?"<>|') for part in parts)
    if is_link or is_outside or not name.isprintable():
        refuse("archive_member", layer, file=file, member=name)
    if member.file_size > _SMALL and member.file_size > _RATIO * member.compress_size:
        refuse(
            "archive_large", layer, file=file, what=f"{name}: {member.file_size} / {member.compress_size} B"
        )


def _unpack(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path, *, left: int, layer: str, file: str
) -> int:
    """Unpack one member, counting what comes rather than what was announced."""
    written, most = 0, min(left, max(_SMALL, _RATIO * member.compress_size))
    try:
        with archive.open(member) as packed, target.open("xb") as plain:
            while chunk := packed.read(_CHUNK):
                written += len(chunk)
                if written > most:
                    refuse("archive_large", layer, file=file, what=f"{target.name}: > {most} B")
                plain.write(chunk)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as reason:
        refuse("file_broken", layer, file=file, reason=f"{target.name}: {reason}")
    return written
