"""Writing that is stopped at any of the steps that it takes on the disk, and what is then found there.

The steps are those of `export.files`: a file is opened, written, brought to the disk, renamed; a folder is made.
"""

from __future__ import annotations

import errno
import io
import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Act = Callable[[], object]
    #: Called before each step with its name and what does it, or half of it.
    Before = Callable[[str, Act], None]

#: What stands below a folder: the bytes of each file.
Tree = dict[str, bytes]
_REAL = {name: getattr(os, name) for name in ("fsync", "replace", "rename", "mkdir")}


class Stop(KeyboardInterrupt):
    """Somebody stops the program."""


def _full() -> BaseException:
    return OSError(errno.ENOSPC, "No space left on device")


def _refused() -> BaseException:
    return PermissionError(errno.EACCES, "Permission denied")


#: How each step fails: with what, and whether the step, or half of it, is done by then.
FAILURES: dict[str, tuple[tuple[Callable[[], BaseException], bool], ...]] = {
    "open": ((_refused, False), (Stop, False)),
    "write": ((_full, True), (Stop, True)),
    "fsync": ((_full, False), (Stop, True)),
    "mkdir": ((_refused, False), (Stop, True)),
    "replace": ((_refused, False), (Stop, True)),
    "rename": ((_refused, False), (Stop, True)),
}


def tree(folder: Path) -> Tree:
    """Read what stands below a folder; a hidden folder counts even if it is empty."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            found[path.relative_to(folder).as_posix()] = path.read_bytes()
        elif path.name.startswith("."):
            found[path.relative_to(folder).as_posix()] = b""
    return found


def ages(found: Tree, before: Tree, after: Tree) -> dict[str, set[str]]:
    """Say of each file whether it is as before or as it was to be; one that is neither has no age."""
    times = {"old": before, "new": after}
    names = before.keys() | after.keys() | found.keys()
    return {
        name: {age for age, of in times.items() if of.get(name) == found.get(name)} for name in sorted(names)
    }


def _watch(patch: pytest.MonkeyPatch, folder: Path, before: Before) -> None:
    """Stand before every step that a file below the folder is written by."""
    opened, ours = io.open, set()

    def open_(file: Any, mode: str = "r", *args: Any, **options: Any) -> Any:
        if not set(mode) & set("wax+") or not _is_below(file, folder):
            return opened(file, mode, *args, **options)
        before("open", lambda: None)
        made = opened(file, mode, *args, **options)
        ours.add(made.fileno())
        return _File(made, before)

    def fsync(number: int) -> None:
        # The disk of a test need not be waited for.
        if number in ours:
            before("fsync", lambda: None)

    patch.setattr(io, "open", open_)
    patch.setattr(os, "fsync", fsync)
    for name in ("mkdir", "replace", "rename"):
        patch.setattr(os, name, _watched(name, folder, before))


def _is_below(path: Any, folder: Path) -> bool:
    return isinstance(path, str | Path) and Path(path).is_relative_to(folder)


def _watched(name: str, folder: Path, before: Before) -> Callable[..., None]:
    """Stand before a folder is made beside another, or something is renamed."""

    def step(*paths: Any) -> None:
        # The folder that all is written to is no step of its own.
        if _is_below(paths[-1] if name != "mkdir" else paths[0], folder) and (
            name != "mkdir" or Path(paths[0]).name.startswith(".")
        ):
            before(name, lambda: _REAL[name](*paths))
        _REAL[name](*paths)

    return step


class _File:
    """A file that is open for writing."""

    def __init__(self, file: Any, before: Before) -> None:
        self.file, self.before = file, before

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)

    def write(self, content: bytes) -> int:
        self.before("write", lambda: self.file.write(content[: len(content) // 2]))
        return int(self.file.write(content))


def failed_at_every_step(write: Act, folder: Path, start: Act) -> Iterator[tuple[str, Tree]]:
    """Begin anew for every step and every way in which it fails, and read what is then found.

    It ends when the writing has no further step.
    """
    for way in (0, 1):
        number, is_stopped = 0, True
        while is_stopped:
            start()
            is_stopped, steps = False, []

            def before(
                step: str, act: Act, *, at: int = number, of: int = way, seen: list[str] = steps
            ) -> None:
                seen.append(step)
                if len(seen) == at + 1:
                    make, is_done = FAILURES[step][of]
                    if is_done:
                        act()
                    raise make()

            with pytest.MonkeyPatch.context() as patch:
                _watch(patch, folder, before)
                try:
                    write()
                except (OSError, Stop):
                    is_stopped = True
            if is_stopped:
                yield f"{steps[-1]} {number}, {FAILURES[steps[-1]][way][0].__name__}", tree(folder)
            number += 1


@dataclass
class Failed:
    """A failure in a child: at which step, with what, what came out of the writer, what it left."""

    step: str
    said: str
    raised: str
    found: Tree
    temporary: list[str]


def failed_in_children(write: Act, folder: Path, temporary: Path) -> list[Failed]:
    """Let a writer run once, and fail before or after every rename in a child of the process.

    The child lets the error go up through all of the writer's own code, tells what it finds, and ends; what it
    changed is undone. So what takes long, the content, is made but once.
    """
    failures: list[Failed] = []
    child: list[tuple[str, str, Path]] = []

    def before(step: str, act: Act) -> None:
        if child or step not in ("replace", "rename"):
            return
        make, is_done = FAILURES[step][len(failures) % 2]
        shadow, told = folder.with_name("shadow"), folder.with_name("told.json")
        shutil.copytree(folder, shadow, copy_function=os.link)
        if os.fork() == 0:
            child.append((step, type(make()).__name__, told))
            if is_done:
                act()
            raise make()
        os.wait()
        failures.append(Failed(**json.loads(told.read_text(encoding="utf-8")), found=tree(folder)))
        told.unlink()
        shutil.rmtree(folder)
        _REAL["rename"](shadow, folder)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(temporary))
        _watch(patch, folder, before)
        raised = "nothing"
        try:
            write()
        except BaseException as error:
            raised = type(error).__name__
            if not child:
                raise
        finally:
            if child:
                step, said, told = child[0]
                left = [path.name for path in temporary.iterdir()]
                whole = {"step": step, "said": said, "raised": raised, "temporary": left}
                told.write_text(json.dumps(whole), encoding="utf-8")
                os._exit(0)
    return failures
