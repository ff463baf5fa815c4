"""Files that a command writes: refused before any work if they must not be, then written whole or not at all."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from models.assumptions import Fault, InputFaultsError

STANDARD_OUTPUT = "-"


def keep_standard_output_for_answers() -> None:
    """Send what solvers print past Python to standard error: standard output may be JSON that a script reads."""
    printed = sys.__stdout__
    if printed is None or sys.stdout is not printed:
        return  # nobody reads, or somebody in this process collects what is printed
    printed.flush()
    sys.stdout = os.fdopen(os.dup(1), "w", encoding=printed.encoding, errors="replace", buffering=1)
    os.dup2(2, 1)


def checked_targets(json_file: str | None, *others: Path | None, read_from: str = "") -> list[Path]:
    """Files that will be written; refused before any work if one cannot be, or must not be."""
    given = [Path(json_file)] if json_file and json_file != STANDARD_OUTPUT else []
    targets = given + [path for path in others if path is not None]
    try:
        return _writable(targets, Path(read_from) if read_from else None)
    except OSError as error:
        name = str(error.filename or targets[0])[:80]
        raise InputFaultsError(
            [Fault(name, "", f"cannot be written ({error.strerror})", "name another file")]
        ) from error


def _writable(targets: list[Path], case: Path | None) -> list[Path]:
    faults = []
    for i, target in enumerate(targets):
        where, rule, remedy = target.resolve(), "", ""
        if not where.parent.is_dir():
            rule, remedy = "cannot be written: its folder does not exist", "make the folder, or name another"
        elif where.is_dir():
            rule, remedy = "cannot be written: it is a folder", "name a file"
        elif target.is_symlink() or (where.exists() and not where.is_file()):
            rule, remedy = (
                "is not a plain file and would be replaced by one",
                "name another file, or - for standard output",
            )
        elif case is not None and case.exists() and where == case.resolve():
            rule, remedy = "is the case that is read", "give the answer its own file"
        elif where in [other.resolve() for other in targets[:i]]:
            rule, remedy = "is named twice", "give each output its own file"
        if rule:
            faults.append(Fault(str(target), "", rule, remedy))
    if faults:
        raise InputFaultsError(faults)
    return targets


def write_all(writers: list[tuple[Path, Callable[[Path], Any]]]) -> None:
    """Write every file beside its target first, then move all into place: nothing is left half-written."""
    with _staged() as staged:
        for target, writer in writers:
            checked_targets(None, target)
            handle, name = tempfile.mkstemp(
                dir=target.resolve().parent, prefix=f".{target.stem}-", suffix=target.suffix
            )
            os.close(handle)
            staged.append((Path(name), target))
            writer(Path(name))
        umask = os.umask(0)
        os.umask(umask)
        for path, target in staged:
            path.chmod(0o666 & ~umask)
            path.replace(target)


@contextmanager
def _staged() -> Iterator[list[tuple[Path, Path]]]:
    """Temporary files that are removed if anything goes wrong before all are in place."""
    staged: list[tuple[Path, Path]] = []
    try:
        yield staged
    finally:
        for path, _ in staged:
            path.unlink(missing_ok=True)
