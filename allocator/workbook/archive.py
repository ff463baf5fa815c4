"""Whether a workbook is safe to open: checked on its zip directory, before anything is parsed."""

from __future__ import annotations

import zipfile
from pathlib import Path

from models.assumptions import Fault, InputFaultsError

MOST_PARTS = 500
MOST_UNPACKED_BYTES = 200_000_000
"""A pack of forty years with ten leases unpacks to about half of that; only two of its sheets are ever parsed."""
MOST_PACKED_BYTES = 20_000_000
LARGEST_RATIO = 100
LARGEST_PARSED_BYTES = {"xl/styles.xml": 500_000, "xl/workbook.xml": 1_000_000}
"""Read whole and made objects of, whatever is asked of the book; a pack's have some 30 kB."""
_REMEDY = "give a board pack written by allocator solve --excel"
_ACTIVE_PARTS = (
    ("vbaproject", "holds macros"),
    ("xl/externallinks/", "holds links to other files"),
    ("xl/connections", "holds connections to data outside"),
    ("xl/querytables/", "holds queries to data outside"),
    ("xl/activex/", "holds ActiveX controls"),
    ("xl/embeddings/", "holds embedded objects"),
)


def check_archive(path: Path) -> None:
    """Refuse what is too large, packed too tightly, or more than data.

    Raises
    ------
    InputFaultsError
        With the reason.
    """
    if not path.is_file():
        raise _refused(path, "does not exist" if not path.exists() else "is not a file")
    if path.stat().st_size > MOST_PACKED_BYTES:
        raise _refused(path, f"is larger than {MOST_PACKED_BYTES:,} bytes")
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            content_types = _content_types(archive, parts)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError, EOFError) as error:
        raise _refused(path, "is not an Excel workbook") from error
    _check_size(path, parts)
    names = [part.filename.lower() for part in parts]
    for start, rule in _ACTIVE_PARTS:
        if any(start in name for name in names):
            raise _refused(path, rule)
    if b"macroenabled" in content_types.lower():
        raise _refused(path, "holds macros")
    if "xl/workbook.xml" not in names:
        raise _refused(path, "is not an Excel workbook")


def _content_types(archive: zipfile.ZipFile, parts: list[zipfile.ZipInfo]) -> bytes:
    listed = [part for part in parts if part.filename == "[Content_Types].xml"]
    return archive.read(listed[0]) if listed and listed[0].file_size < 1_000_000 else b""


def _check_size(path: Path, parts: list[zipfile.ZipInfo]) -> None:
    if len(parts) > MOST_PARTS:
        raise _refused(path, f"holds {len(parts):,} parts, more than {MOST_PARTS}")
    unpacked = sum(part.file_size for part in parts)
    if unpacked > MOST_UNPACKED_BYTES:
        raise _refused(path, f"unpacks to {unpacked:,} bytes, more than {MOST_UNPACKED_BYTES:,}")
    for part in parts:
        most = LARGEST_PARSED_BYTES.get(part.filename.lower(), MOST_UNPACKED_BYTES)
        if part.file_size > most:
            raise _refused(path, f"holds {part.filename} of {part.file_size:,} bytes, more than {most:,}")
        if part.file_size > LARGEST_RATIO * max(1, part.compress_size):
            raise _refused(path, f"holds a part that is packed more than {LARGEST_RATIO} to 1")


def _refused(path: Path, rule: str) -> InputFaultsError:
    return InputFaultsError([Fault(str(path), "", rule, _REMEDY)])
