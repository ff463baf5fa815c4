"""Sheet Method: the formulae in words, the conventions, the glossary, and the constants that formulas use."""

from __future__ import annotations

from datetime import date

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from allocator.allocation import Allocation
from allocator.workbook.assumptions_sheet import define
from allocator.workbook.constants import CONSTANTS
from allocator.workbook.style import DATE, QUIET, header_row, heading, print_setup, put

SHEET = "Method"
CONVENTIONS = (
    (
        "Money",
        (
            "Nominal US dollars. Inflows are positive; a named cost is a positive number; only a cash flow "
            "carries a sign."
        ),
    ),
    (
        "Months",
        (
            "Month 0 is the valuation date; flows fall at month ends; the discount factor is (1 + r)^(-m/12), r "
            "annual effective."
        ),
    ),
    (
        "Rates",
        (
            "Mining and hosting are valued unlevered, each at its own rate; debt never enters the NPV, so that "
            "risk is priced once."
        ),
    ),
    (
        "Recommended and yours",
        (
            "The recommended mix is what the optimiser found for the inputs as solved. Typing another input or "
            "another mix recalculates every figure but does not optimise again: for that the pack is read back "
            "(allocator solve PACK.xlsx)."
        ),
    ),
    (
        "Dates",
        (
            "When an activity starts and stops is a property of the activity, on its own sheet; offers have one "
            "sheet for each start that is used."
        ),
    ),
    ("Horizon", "The number of months planned is fixed when the pack is written."),
)
FORMULAE = (
    (
        "Hashprice",
        (
            "BTC price x (subsidy + fees) x 144 blocks a day / (1,000 PH per EH x running hashrate). On the "
            "valuation date the running hashrate is the one that the difficulty implies."
        ),
    ),
    (
        "Network response",
        (
            "Machines that hashprice no longer carries switch off (elasticity); installed hashrate grows with the"
            " log ratio of hashprice to the full cost of the newest machine, foreseeing the halving, between -4 %"
            " and +5 % a month; a share leaves for AI. Switched off, hashrate grows at a constant rate."
        ),
    ),
    (
        "Mining margin",
        (
            "max(0, hashprice x 1,000 / (24 x J/TH x PUE) x (1 - pool fee) - power price - variable cost) x hours"
            " x uptime, per facility MW: machines run only in hours that pay."
        ),
    ),
    (
        "Machines",
        (
            "TH/s per facility MW = 1,000,000 / (J/TH x PUE). Resale = value x (1 - decline)^years. A successor's"
            " J/TH and price fall every year."
        ),
    ),
    (
        "Rent",
        (
            "Of one hall: 1,000 kW x rent x (1 + escalator)^(whole years since its delivery), or the years as the term"
            " sheet lists them, x the larger of take-or-pay and expected use, after free rent. A renewal's rent is its"
            " ratio of the rent that goes on escalating. Every line of a hall is summed over the deliveries: share of"
            " the offer x the hall's line, later by the months between them."
        ),
    ),
    (
        "Tenancy",
        (
            "Expected values. In place: chance of no default, (1 - p)^years, x chance of staying past the right to"
            " leave x chance that each renewal is used. A hall that its tenant left in the base term stands empty for"
            " the re-letting months, then brings the next tenant's rent. The fee for leaving is counted on the day."
        ),
    ),
    (
        "Guarantor",
        (
            "Pays the rent that a default leaves unpaid, and what the next tenant's rent falls short, until its cap"
            " (a share of base-term rent) is used: the sum over months of default of chance x min(cap, rent missed)."
            " Its warrants are a cost in value and no cash."
        ),
    ),
    (
        "Net operating income",
        (
            "Rent and what the guarantor pays of it x NOI margin + fee for leaving - running costs (under modified"
            " gross and gross; always of an empty hall) - power under gross: load x PUE x hours x the site's price."
        ),
    ),
    (
        "Construction",
        (
            "Each delivery's cost, with contingency and less what the tenant pays, is drawn along u^2 (3 - 2u), or"
            " along the listed draw curve, over the build months that end when it is handed over, delay included."
            " Damages for late delivery run from the end of the grace. Prepaid rent and capex that the tenant paid are"
            " credited against rent in equal parts."
        ),
    ),
    (
        "Cancellation, end",
        (
            "If the lease falls away before delivery, its sunk share of the cost is lost. At the end of the last"
            " renewal halls go back to mining, stand empty, or are sold: NOI of the next year / cap rate, less cost."
        ),
    ),
    (
        "Tax",
        (
            "Rate x (income - deductions). In the NPV a loss is used at once by the parent, or carried forward if the"
            " case says so; the owner's cash flow carries losses forward. Machines: 5-year class; data centre: shares"
            " in the 5-year and 15-year classes, the rest over 39 years; bonus depreciation on both classes; what is"
            " left is written off at the end. The owner deducts interest, and the fee over the loan's life."
        ),
    ),
    (
        "Debt",
        (
            "Of one hall, as the contract stands (CFADS: contract NOI less credits in the base term). Drawn pro rata"
            " with capex or after equity; interest is capitalised until rent begins; then service is CFADS x the same"
            " share each month (sculpted) or level, with a balloon at maturity. Size: the smaller of LTC of all cost"
            " (construction, interest, fee, reserve) and what CFADS / DSCR repays. The reserve (DSRA) is filled when"
            " rent begins and given back at maturity."
        ),
    ),
    (
        "Cover (DSCR)",
        "CFADS over debt service, a month at a time; the lowest is that of any lease taken, each by itself.",
    ),
    ("Capital tied up", "Sum of what the owner pays in, less the reinvested share of what comes back."),
    (
        "IRR",
        (
            "Monthly IRR of what is built or bought, unlevered, after tax, made annual: (1 + i)^12 - 1. Stated "
            "only where one rate alone solves it."
        ),
    ),
)
GLOSSARY = (
    ("facility MW", "at the meter: what the grid connection sees"),
    ("critical IT MW", "at the rack: what a tenant leases"),
    ("provisioning ratio", "facility MW provisioned per critical IT MW (not PUE, which is energy)"),
    ("hashprice", "what one PH/s earns in a day, USD/PH/day"),
    ("NNN, modified gross, gross", "who pays the building's running costs: tenant, shared, landlord"),
    ("NOI", "net operating income: rent less what the landlord pays to run the building"),
    ("CFADS", "cash flow available for debt service: contract NOI less credits, the tenant in place"),
    ("LTC, DSCR", "loan to cost; cash flow available for debt service (CFADS) over debt service"),
    ("NPV", "net present value over doing nothing"),
    ("break-even rent", "the rent at which the first megawatt of an offer enters the best plan"),
    ("flip point", "the value of an input at which an offer leaves or enters the best plan"),
)


def write_method(book: Workbook, sheet: Worksheet, plan: Allocation) -> None:
    """Words, then the named constants."""
    heading(sheet, "Method", "How the figures come about. Every formula of the pack is on the sheets themselves.")
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width, sheet.column_dimensions["C"].width = (
        30,
        22,
        110,
    )
    row = 4
    for title, entries in (("Conventions", CONVENTIONS), ("Formulae in words", FORMULAE), ("Glossary", GLOSSARY)):
        header_row(sheet, row, [title, "", ""])
        for word, text in entries:
            row += 1
            put(sheet, f"A{row}", word, bold=True, vertical="top")
            sheet.merge_cells(f"B{row}:C{row}")
            put(sheet, f"B{row}", text, wrap=True, vertical="top")
            sheet.row_dimensions[row].height = 13 * (1 + len(text) // 135)
        row += 2
    header_row(sheet, row, ["Constant", "Value", "Meaning"])
    for constant in CONSTANTS:
        row += 1
        put(sheet, f"A{row}", constant.defined_name)
        dated = isinstance(constant.value, date)
        put(sheet, f"B{row}", constant.value, form=DATE if dated else "General", align="right")
        put(sheet, f"C{row}", constant.meaning, colour=QUIET)
        define(book, constant.defined_name, SHEET, f"$B${row}")
    checked = plan.certificate
    put(sheet, f"A{row + 2}", "Certificate", bold=True)
    put(
        sheet,
        f"B{row + 2}",
        f"solver {plan.solver}, largest residual or gap {checked.worst:.1e} (relative)",
        colour=QUIET,
    )
    print_setup(sheet)
