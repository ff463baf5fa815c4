"""Numbers that formulas may use although nobody types them: unit conversions, rules of Bitcoin, tolerances.

Each is a defined name ``const__...`` on the sheet Method, with its meaning; a formula holds no other number than
0, 1, 12, 24 and 1000.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from allocator.allocation import TAKEN_MW
from allocator.lease_rules import TOLERANCE_MW
from models import network
from models.deals import COUPONS_PER_YEAR, ROUNDING
from models.lender_view import DUST
from models.timeline import HOURS_PER_MONTH, MONTHS_PER_QUARTER

TOLERANCE_USD = 1.0
TOLERANCE_SHARE = 1e-9
"""Slack that checks allow, for a solver's last digits."""


@dataclass(frozen=True)
class Constant:
    """A named number of the workbook."""

    name: str
    value: float | date
    meaning: str

    @property
    def defined_name(self) -> str:
        """Its name in formulas."""
        return f"const__{self.name}"


CONSTANTS = (
    Constant("hours_per_month", HOURS_PER_MONTH, "hours in a month: 365.25 x 24 / 12"),
    Constant("months_per_quarter", MONTHS_PER_QUARTER, "months in a quarter"),
    Constant("watts_per_mw", 1e6, "watts in a megawatt"),
    Constant("usd_per_million", 1e6, "dollars in a million, for display"),
    Constant("hashes_per_difficulty", network.HASHES_PER_DIFFICULTY, "hashes a block takes at difficulty 1: 2^32"),
    Constant("hashes_per_eh", 1e18, "hashes in an exahash"),
    Constant("block_seconds", network.TARGET_BLOCK_MINUTES * 60.0, "seconds between blocks that difficulty aims at"),
    Constant("blocks_per_day", network.BLOCKS_PER_DAY, "blocks a day at that pace"),
    Constant("blocks_per_halving", network.BLOCKS_PER_HALVING, "blocks between two halvings of the subsidy"),
    Constant("halving", 2.0, "what a halving divides the subsidy by"),
    Constant("first_subsidy_btc", network.FIRST_SUBSIDY_BTC, "subsidy of the first block, BTC"),
    Constant("anchor_height", network.ANCHOR_HEIGHT, "a dated block height (retarget of 7 February 2026)"),
    Constant("anchor_date", network.ANCHOR_DATE, "the day of that height"),
    Constant("largest_fall", network.LARGEST_FALL, "least monthly change of installed hashrate (log); assumed"),
    Constant("largest_rise", network.LARGEST_RISE, "largest monthly change of installed hashrate (log); assumed"),
    Constant("s_curve_square", 3.0, "construction draws: share drawn = u^2 (3 - 2u), first coefficient"),
    Constant("s_curve_cube", 2.0, "construction draws: share drawn = u^2 (3 - 2u), second coefficient"),
    Constant("shell_years", 39.0, "years over which the shell of a building is written off (26 USC 168(c))"),
    Constant("tolerance_mw", TOLERANCE_MW, "slack of a check in megawatts"),
    Constant("tolerance_usd", TOLERANCE_USD, "slack of a check in dollars"),
    Constant("tolerance_share", TOLERANCE_SHARE, "slack of a check as a share of what is checked"),
    Constant("dust", DUST, "debt service below this share of its largest month is rounding"),
    Constant("band_rounding", ROUNDING, "a figure this close to the end of a band of deals, relative, is inside it"),
    Constant("coupons_per_year", COUPONS_PER_YEAR, "payments a year of published notes"),
    Constant("taken_mw", TAKEN_MW, "less than this is a solver's rounding and not part of a mix"),
    Constant("two", 2.0, "min(a, b) = (a + b - |a - b|) / 2, for every month of a row at once"),
    Constant("label_length", 18, "letters of a name shown under a bar of a chart"),
)
