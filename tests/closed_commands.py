"""Every command that opens no connection, run one after another in a process that can open none.

``python tests/closed_commands.py TOWN OSM OUT`` prints how each ended. On Linux the system itself ends the
process at the first socket of the internet, whoever opens it, Python or a library in C; Python is watched
everywhere. Sockets of the machine itself, by which users are looked up, are left alone.
"""

from __future__ import annotations

import ctypes
import json
import os
import platform
import struct
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from typer.testing import CliRunner

if TYPE_CHECKING:
    from types import FrameType

#: Commands that say that they open connections: to the scheduler that was named, and its workers.
CONNECTING = {"batch"}

#: The number of the system's call for a new socket, by machine, and the families that lead to the internet.
_CALLS, _FAMILIES = {"x86_64": 41, "aarch64": 198}, (2, 10)
_NO_NEW_RIGHTS, _SET_FILTER, _FILTER = 38, 22, 2
_LOAD, _IF, _END = 0x20, 0x15, 0x06
_END_PROCESS, _GO_ON = 0x8000_0000, 0x7FFF_0000


def commands(town: Path, osm: Path, out: Path) -> dict[str, list[str]]:
    """List the words of each command, in an order in which what one writes is there for the next."""
    return {
        "columns": ["blocks"],
        "standards": ["uses"],
        "new": [str(out / "new"), "--from", str(town)],
        "import-osm": [str(osm), "--out", str(out / "osm"), "--name", "T"],
        "check": [str(town), "--out", str(out / "check")],
        "run": [str(town), "--out", str(out / "run"), "--date", "2024-06-30"],
        "map": [str(out / "run" / "run"), "--out", str(out / "map")],
        "track": [str(out / "run" / "run"), "--out", str(out / "track")],
        "spaces": [str(town), "--out", str(out / "spaces")],
        "green": [str(town), "--out", str(out / "green")],
        "site": [str(town), "--budget", "500", "--out", str(out / "site")],
        "split": [str(town), "--by", str(town.parent / "towns.gpkg"), "--out", str(out / "split")],
        "demo": ["--out", str(out / "demo")],
    }


def shut_the_system() -> bool:
    """Let the system end this process, and those that it starts, at a socket of the internet."""
    number = _CALLS.get(platform.machine()) if sys.platform == "linux" else None
    if number is None:
        return False
    steps = [
        (_LOAD, 0, 0, 0),
        (_IF, 0, 4, number),
        (_LOAD, 0, 0, 16),
        (_IF, 1, 0, _FAMILIES[0]),
        (_IF, 0, 1, _FAMILIES[1]),
        (_END, 0, 0, _END_PROCESS),
        (_END, 0, 0, _GO_ON),
    ]
    code = b"".join(struct.pack("HBBI", *step) for step in steps)
    held = ctypes.create_string_buffer(code)
    program = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(steps), ctypes.addressof(held)))
    control = ctypes.CDLL(None, use_errno=True).prctl
    refused = control(_NO_NEW_RIGHTS, 1, 0, 0, 0) or control(_SET_FILTER, _FILTER, program, 0, 0)
    return not refused


def shut_python(opened: list[str]) -> None:
    """Refuse every socket that Python opens, and name it."""

    def refuse(event: str, given: tuple[object, ...]) -> None:
        if event in ("socket.__new__", "socket.getaddrinfo", "socket.connect"):
            if not _is_question():
                opened.append(f"{event} {given[1:]}")
            raise PermissionError(event)

    sys.addaudithook(refuse)


def _is_question() -> bool:
    """Say whether urllib3, which folium loads, asks whether the machine knows IPv6: it binds, and connects to nothing."""
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        if frame.f_code.co_name == "_has_ipv6" and frame.f_globals["__name__"] == "urllib3.util.connection":
            return True
        frame = frame.f_back
    return False


def main(town: Path, osm: Path, out: Path) -> None:
    """Run the commands and tell how they ended."""
    from fengmao_geo.cli import app  # noqa: PLC0415  after the doors are shut
    from fengmao_geo.town import sample  # noqa: PLC0415  after the doors are shut

    # The demo is the same command on any town, and what it writes of all layers is what a run writes.
    sample.sample_folder = lambda: town.with_name("bare")
    told = {}
    for name, words in commands(town, osm, out).items():
        done = CliRunner().invoke(app, [name, *words])
        told[name] = [done.exit_code, (done.stderr or repr(done.exception))[-2000:]]
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    tried: list[str] = []
    is_shut = shut_the_system()
    shut_python(tried)
    if sys.argv[1] == "--open":
        # What must not come to pass: a library in C that looks for an address.
        ctypes.CDLL(None).socket(2, 1, 0) if is_shut else os.abort()
        sys.exit(0)
    main(*(Path(word) for word in sys.argv[1:]))
    if tried:
        sys.exit(f"sockets: {tried}")
