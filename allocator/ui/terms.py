"""An input in the trade's words: its label, the unit it is shown in, the text behind the question mark."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from allocator.case import Input
from allocator.ui.labels import ABSENT, LABELS
from models.assumptions import Declaration

UNIT_ENDINGS = (
    "_usd_per_kw_month",
    "_usd_per_mwh",
    "_usd_per_ph_day",
    "_usd_per_mw_year",
    "_usd_per_mw",
    "_usd_per_kw",
    "_usd_per_th",
    "_j_per_th",
    "_per_year",
    "_usd",
    "_mw",
    "_years",
    "_months",
)
WORDS = {"btc": "BTC", "ai": "AI", "it": "IT", "ltc": "LTC", "dscr": "DSCR", "noi": "NOI", "pue": "PUE", "cvar": "CVaR"}
NOT_PERCENT = frozenset({"entry_speed_per_year"})


def label(name: str) -> str:
    """A field name in the trade's words.

    >>> label("rent_usd_per_kw_month"), label("btc_price_usd"), label("ltc")
    ('Rent', 'BTC price', 'LTC')
    """
    if name in LABELS:
        return LABELS[name]
    ending = next((e for e in UNIT_ENDINGS if name.endswith(e)), "")
    words = [WORDS.get(w, w) for w in name.removesuffix(ending).split("_")]
    text = " ".join(words)
    return text[:1].upper() + text[1:]


@dataclass(frozen=True)
class Scale:
    """How a number of the case is shown: shifted by powers of ten, with the unit that results."""

    shift: int
    unit: str

    def shown(self, value: float) -> float:
        """The number on the screen. Exact: the decimal point moves, nothing is multiplied.

        >>> Scale(2, "%").shown(0.07)
        7.0
        """
        return float(Decimal(repr(float(value))).scaleb(self.shift))

    def read(self, shown: float) -> float:
        """The number of the case."""
        return float(Decimal(repr(float(shown))).scaleb(-self.shift))


def scale(name: str, unit: str) -> Scale:
    """Shares and yearly rates in percent, difficulty in T, capital in millions; everything else as it is."""
    if name == "difficulty":
        return Scale(-12, "T")
    if name in {"capital_usd", "minimum_cash_usd", "usd"}:
        return Scale(-6, "USD M")
    if unit.startswith("share of "):
        return Scale(2, f"% of {unit.removeprefix('share of ')}")
    if unit.startswith("per year") and name not in NOT_PERCENT:
        return Scale(2, f"% a year{unit.removeprefix('per year')}")
    return Scale(0, unit)


def step(value: float | None) -> float:
    """A click of the plus button: about 5 % of the value's order of magnitude.

    >>> step(128.0), step(71_000.0), step(8.0)
    (5.0, 500.0, 0.5)
    """
    if not value:
        return 1.0
    return 0.5 * 10.0 ** (math.floor(math.log10(abs(value))) - (1 if abs(value) >= 10 else 0))


def number_format(value: float | None) -> str:
    """Decimals that show the number as it was entered, at most four."""
    if value is None:
        return "%.2f"
    places = next((d for d in range(4) if math.isclose(round(value, d), value, rel_tol=1e-12, abs_tol=1e-12)), 4)
    return f"%.{places}f"


def help_text(found: Input, unit: str) -> str:
    """Meaning, bounds, source, status of an input, for the tooltip."""
    declared = found.declaration
    dated = f" · {declared.dated}" if found.is_default and declared.dated and declared.dated not in found.source else ""
    source = f"Source ({found.status}): {found.source or 'none given'}{dated}"
    lines = [*_meaning_and_bounds(declared, field_name(found.path), unit), source]
    return "  \n".join([*map(plain, lines), f"Path: `{found.path}`"])


def declaration_help(declared: Declaration) -> str:
    """The same for an input that belongs to no case."""
    dated = f" · {declared.dated}" if declared.dated else ""
    source = f"Source ({declared.status}): {declared.source or 'none given'}{dated}"
    return "  \n".join(map(plain, [*_meaning_and_bounds(declared, declared.name, declared.unit), source]))


def _meaning_and_bounds(declared: Declaration, name: str, unit: str) -> list[str]:
    if bounds := bounds_in_words(declared, name):
        return [declared.meaning, f"Allowed: {bounds}" + (f" ({declared.because})" if declared.because else "")]
    return [declared.meaning, f"Unit: {unit}"] if unit else [declared.meaning]


def bounds_in_words(declared: Declaration, name: str) -> str:
    """The allowed range in the unit that is shown."""
    kept = scale(name, declared.unit)
    lower, upper = (None if b is None else f"{kept.shown(b):,.10g}" for b in (declared.lower, declared.upper))
    if lower is not None and upper is not None:
        return f"{lower} to {upper} {kept.unit}".rstrip()
    if lower is not None:
        return f"at least {lower} {kept.unit}".rstrip()
    return f"at most {upper} {kept.unit}".rstrip() if upper is not None else ""


def field_name(path: str) -> str:
    """The last part of a path.

    >>> field_name("leases[0].ltc")
    'ltc'
    """
    return path.rpartition(".")[2]


def in_words(name: str, unit: str, value: Any) -> str:
    """A value of an input as a change list shows it."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return _list_in_words(name, unit, value)
    if not isinstance(value, (int, float)):
        return str(value)
    kept = scale(name, unit)
    return f"{kept.shown(value):,.10g} {kept.unit}".rstrip()


def _list_in_words(name: str, unit: str, items: list[Any]) -> str:
    """Numbers and names one by one, halls with their dates, stages counted."""
    if not items:
        return "none"
    if all(isinstance(item, str) for item in items):
        return ", ".join(items)
    if all(isinstance(item, (int, float)) for item in items):
        kept = scale(name, unit)
        return ", ".join(f"{kept.shown(item):,.10g}" for item in items)
    if all("months_after_first" in item for item in items):
        return ", ".join(f"{item['share']:.1%} after {item['months_after_first']} months" for item in items)
    return f"{len(items)} stages"


def absent(name: str) -> str:
    """What an empty field means."""
    return ABSENT.get(name, "without limit")


_MARKDOWN = re.compile(r"([\\`*_\[\]$~<>|&]|^[#+-])")


def plain(text: str) -> str:
    r"""Text for a Markdown element that must come out as it is, on one line: two dollar signs are not a formula.

    >>> plain("$1 M and $2 M"), plain("# a\n\nb")
    ('\\$1 M and \\$2 M', '\\# a b')
    """
    return _MARKDOWN.sub(r"\\\1", " ".join(text.split()) if "\n" in text or "\r" in text else text)
