"""Sheet Method of a batch's workbook."""

from __future__ import annotations

from openpyxl.worksheet.worksheet import Worksheet

from allocator.workbook.words_sheet import CONVENTIONS, Part, write_words

HOW: Part = (
    "How the figures come about",
    (
        (
            "A site's plan",
            (
                "Each row of the table is a case of its own: the base case with the row's inputs. Its megawatts are "
                "given to mining and hosting by one optimisation, certified by its residuals, before it counts as "
                "solved."
            ),
        ),
        (
            "What it does",
            (
                "Hosting or mining where its best plan gives at least 0.05 facility MW to it in some quarter; both "
                "where it does one after the other, or both at once."
            ),
        ),
        (
            "Hosting, mining MW",
            (
                "Facility MW in the quarter in which most host, or mine: a site that mines until its halls are ready "
                "counts with both. Idle is the mean over the quarters."
            ),
        ),
        ("Hosting share of MW", "Hosting MW over hosting and mining MW, summed over the sites of a bin."),
        (
            "Inputs of the map",
            (
                "Of the inputs that differ between sites, the two whose bins part sites that host from sites that "
                "mine best (share of the variance of the hosting share that lies between bins, times how far the "
                "outer bins are apart). Cuts may be typed over."
            ),
        ),
        (
            "Budget",
            (
                "A greedy ranking: sites in the order of NPV per dollar of capital, each taken whole if what is left "
                "of the budget pays for it, else passed over. Each site's capital is its peak, as if all peaks fell "
                "together. It is a lower figure: allocator portfolio takes parts of sites, counts capital by quarter, "
                "and proves how far any plan is from the best."
            ),
        ),
        (
            "Order of NPV per dollar",
            "As solved. Sites that need no capital come first, sites worth nothing are left out.",
        ),
        ("Figures as solved", "Typing over them recalculates sums and the budget, and optimises nothing again."),
    ),
)


def write_sites_method(sheet: Worksheet) -> None:
    """Conventions, and how the figures come about."""
    write_words(sheet, "How the figures of this workbook come about.", (CONVENTIONS, HOW))
