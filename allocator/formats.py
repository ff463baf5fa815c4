"""How numbers are shown to people, the same in the terminal, on the pages and in the workbook."""

from __future__ import annotations

from datetime import date


def money(usd: float, *, digits: int = 3) -> str:
    """USD to a few significant figures.

    >>> money(433.52e6), money(7.0e9), money(-12_345.0), money(0.0)
    ('$434 M', '$7.00 bn', '-$12,300', '$0')
    """
    sign, size = ("-" if usd < 0 else ""), abs(usd)
    for unit, name in ((1e9, " bn"), (1e6, " M")):
        if size >= unit * (1 - 0.5 * 10.0**-digits):
            whole = len(f"{size / unit:.0f}")
            return f"{sign}${size / unit:,.{max(0, digits - whole)}f}{name}"
    if size < 100:
        return f"{sign}${size:.2f}" if size else "$0"
    return f"{sign}${float(f'{size:.{digits}g}'):,.0f}"


def table_money(usd: float) -> str:
    """USD in a table column: millions with one decimal, billions with two.

    >>> table_money(433.52e6), table_money(2.5725e9)
    ('$433.5 M', '$2.57 bn')
    """
    sign, size = ("-" if usd < 0 else ""), abs(usd)
    return f"{sign}${size / 1e9:,.2f} bn" if size >= 999.95e6 else f"{sign}${size / 1e6:,.1f} M"


def megawatts(mw: float) -> str:
    """Megawatts with one decimal where it matters; the kind (facility, critical IT) is said beside it.

    >>> megawatts(245.0), megawatts(80.67)
    ('245 MW', '80.7 MW')
    """
    return f"{mw:,.0f} MW" if abs(mw - round(mw)) < 0.05 else f"{mw:,.1f} MW"


def percent(rate: float | None) -> str:
    """A rate with one decimal, or a dash."""
    return "–" if rate is None else f"{rate * 100:.1f} %"


def rent(usd_per_kw_month: float) -> str:
    """Rent in USD per kW-month."""
    return f"${usd_per_kw_month:,.2f} /kW-month"


def comparison_figure(measure: str, value: float) -> str:
    """A figure that offers and signed deals share, by the key of its measure.

    >>> comparison_figure("ltc", 0.85), comparison_figure("rent_usd_per_kw_month", 128.0)
    ('85.0 %', '$128.00 /kW-month')
    """
    if "rent" in measure:
        return rent(value)
    if measure.startswith(("noi_usd", "capex")):
        return f"${value / 1e6:.2f} M per MW"
    if measure in ("noi_margin", "ltc"):
        return percent(value)
    if measure == "debt_rate":
        return f"{value * 100:.2f} %"
    return f"{value:.0f} years" if measure == "term_years" else f"{value:.2f}"


def quarter(label: str) -> str:
    """A quarter for people.

    >>> quarter("2027Q2")
    'Q2 2027'
    """
    return f"{label[4:]} {label[:4]}"


def day(value: date) -> str:
    """A date for people.

    >>> day(date(2026, 2, 7))
    '7 Feb 2026'
    """
    return f"{value.day} {value:%b %Y}"
