"""One file to take away: what it is for, how it is read back, how large it is, or why it is not there yet."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from allocator.ui.downloads import failure_of
from allocator.ui.terms import plain


@dataclass(frozen=True)
class ExportFile:
    """A file of the reader's case."""

    key: str
    title: str
    """As on its button: ``Board pack .xlsx``."""
    name: str
    mime: str
    icon: str
    purpose: str
    read_back: str
    """How it is opened again, with the command in backticks; Markdown."""
    content: bytes | Future[bytes] | None
    """``None`` while it cannot be begun."""
    wait: str = "waiting for the explanation"
    """What holds it up where it cannot be begun, or what is being done."""
    begin: Callable[[], None] | None = None
    """Callback that has it written, where that is done on request."""


def content_of(content: bytes | Future[bytes] | None) -> bytes | None:
    """The file where it is ready."""
    if isinstance(content, Future):
        return content.result() if content.done() and not content.cancelled() and not failure_of(content) else None
    return content


def size_words(count: int) -> str:
    """Size of a file.

    >>> size_words(480), size_words(22_000), size_words(1_089_452)
    ('480 bytes', '22 kB', '1.1 MB')
    """
    if count < 1_000:
        return f"{count} bytes"
    return f"{count / 1e3:,.0f} kB" if count < 999_500 else f"{count / 1e6:,.1f} MB"


def show(file: ExportFile, reason: str = "", *, is_main: bool = False) -> None:
    """Its button, enabled as soon as it is ready, beside its words; ``reason`` where something before it failed."""
    reason = reason or (failure_of(file.content) if isinstance(file.content, Future) else "")
    content = content_of(file.content)
    with st.container(key=f"export_{file.key}"):
        button, words = st.columns([1.1, 2.6], gap="medium", vertical_alignment="center")
        if content is None and file.begin is not None and not reason:
            button.button(
                f"Write {file.title}",
                key=f"begin_{file.key}",
                icon=file.icon,
                on_click=file.begin,
                width="stretch",
            )
        else:
            _download(button, file, content, is_main=is_main)
        words.markdown(f"{plain(file.purpose)} {file.read_back}  \n:gray[{plain(_state(file, content, reason))}]")
        if reason:
            words.warning(plain(f"It could not be written: {reason}"), icon=":material/error:")


def _download(place: DeltaGenerator, file: ExportFile, content: bytes | None, *, is_main: bool) -> None:
    """The button itself, dead until there is something to take away."""
    place.download_button(
        file.title,
        content or b"",
        file.name,
        file.mime,
        key=f"download_{file.key}",
        type="primary" if is_main else "secondary",
        icon=file.icon,
        disabled=content is None,
        on_click="ignore",
        width="stretch",
    )


def _state(file: ExportFile, content: bytes | None, reason: str) -> str:
    if content is not None:
        return f"{file.name} · {size_words(len(content))}"
    return f"{file.name} · {'not written' if reason else file.wait}"
