"""The reader's own brand for the board pack: the owner of the session's keys ``pack_brand*``."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from allocator.workbook.brand import PAPERS, Brand, read_brand
from models.assumptions import Fault, InputFaultsError

BRAND, FAULTS, FILE, READ = "pack_brand", "pack_brand_faults", "pack_brand_file", "pack_brand_read"
LARGEST_BYTES = 20_000_000
REMEDY = "give a workbook (.xlsx) with your theme, or leave it out: the shipped brand is used then"


@dataclass(frozen=True)
class OwnBrand:
    """A brand and the file that it came from."""

    file: str
    brand: Brand


def own_brand() -> OwnBrand | None:
    """The brand that the reader gave; ``None`` for the shipped one."""
    found: OwnBrand | None = st.session_state.get(BRAND)
    return found


def faults() -> tuple[Fault, ...]:
    """What is wrong with the brand workbook given last."""
    found: tuple[Fault, ...] = st.session_state.get(FAULTS, ())
    return found


def take() -> None:
    """Callback of the upload: a sound workbook is the brand from now on, a faulty one changes nothing."""
    file = st.session_state.get(FILE)
    if file is None or file.file_id == st.session_state.get(READ):
        return
    st.session_state[READ] = file.file_id
    try:
        st.session_state[BRAND] = OwnBrand(file.name, brand_in(file.name, file.getvalue()))
    except InputFaultsError as error:
        st.session_state[FAULTS] = error.faults
    else:
        st.session_state[FAULTS] = ()


def drop() -> None:
    """Callback: back to the shipped brand."""
    st.session_state[BRAND], st.session_state[FAULTS] = None, ()


def brand_in(name: str, content: bytes) -> Brand:
    """The brand of an uploaded workbook.

    Raises
    ------
    InputFaultsError
        If it is too large, no workbook, or has a theme or picture that cannot be used; its faults name the file.
    """
    if len(content) > LARGEST_BYTES:
        raise InputFaultsError([Fault(name, f"{len(content):,} bytes", f"is larger than {LARGEST_BYTES:,}", REMEDY)])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "brand.xlsx"
        path.write_bytes(content)
        try:
            return read_brand(path)
        except InputFaultsError as error:
            raise InputFaultsError([Fault(name, "", fault.rule, REMEDY) for fault in error.faults]) from error


def words(own: OwnBrand) -> str:
    """What was read of it."""
    brand = own.brand
    fonts = " and ".join(dict.fromkeys((brand.heading_font, brand.body_font)))
    picture = "its picture" if brand.logo_png else "no picture"
    footer = f'footer "{brand.footer}"' if brand.footer else "no footer"
    return f"From {own.file}: its theme's colours, {fonts}, {picture}, {PAPERS[brand.paper]} paper, {footer}."
