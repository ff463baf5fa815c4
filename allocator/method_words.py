"""The method in words: conventions, formulae, terms, what the model leaves out, how its answers are checked.

One source for the page Method and the workbook's sheet of that name; every pair is a term and what it means.
"""

from __future__ import annotations

Words = tuple[tuple[str, str], ...]

CONVENTIONS: Words = (
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
)
PACK_CONVENTIONS: Words = (
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
FORMULAE: Words = (
    (
        "Value of a plan",
        (
            "Sum over activities of units x NPV of one unit: its monthly cash flow, unlevered and after tax, at the"
            " rate of its use. An activity is one machine fleet, purchase or offer from one quarter to another."
        ),
    ),
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
GLOSSARY: Words = (
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
LIMITS: Words = (
    (
        "One path of prices",
        (
            "The plan and its NPV follow one expected path of bitcoin price, network and power. Risk is in the"
            " two discount rates, in the flip points and in the named stresses; random futures are weighed apart"
            " (page or sheet Risk)."
        ),
    ),
    (
        "A lease is expected",
        (
            "Chances of default, renewal, cancellation and delay are weighed into one expected cash flow, and so"
            " are the lease's megawatts; every chance is 0 unless the case sets it. The loan stands as contracted."
        ),
    ),
    (
        "Losses",
        (
            "In the NPV the parent uses losses at once, unless finance.losses_used_by_parent is false; equity"
            " figures and the capital limit always carry them forward. Limits on interest deduction and on loss"
            " use are left out."
        ),
    ),
    (
        "Beyond the horizon",
        ("Nothing is counted after the last year planned: a lease and its renewals must fit into it."),
    ),
    (
        "Debt",
        (
            "Each hall has one loan of one tranche; interest is added to it until rent begins; a balloon is paid,"
            " not refinanced. Covenants and cash sweeps are left out."
        ),
    ),
    (
        "Network",
        (
            "The response of hashrate to price fits October 2025 to June 2026; nine months that moved one way are"
            " consistent with it and do not prove it."
        ),
    ),
    (
        "Machines",
        (
            "Site works are bought with every machine and written off with it, which is hard on mining; machines"
            " are paid when they start. Catalogue prices are list prices of low confidence, some later than the"
            " valuation date."
        ),
    ),
    ("Treasury", ("Bitcoin sold is worth its price, sold or held; tax on the sale only lowers what it brings.")),
    (
        "Site and people",
        (
            "Interconnection delays beyond the stages given, permits, water, staff, GPU ownership and cloud"
            " revenue are not modelled: hosting is colocation, the tenant owns the GPUs."
        ),
    ),
)

TRUST: Words = (
    (
        "Certificate",
        (
            "Every answer is checked with products of our own before it is shown: residuals, gap, and the ledger"
            " against the cash-flow statement. One that fails is an error in words, never a number."
        ),
    ),
    (
        "Second solver",
        ("allocator solve CASE --cross-check solves again with CBC; the exported program can be solved by any other."),
    ),
    (
        "Workbook",
        (
            "The board pack computes every figure again by its own formulae; it is written only if its NPV is the"
            " engine's to 1e-9, and its sheet Checks says which of its checks hold."
        ),
    ),
    (
        "Values by solving again",
        (
            "What one more megawatt or dollar is worth, break-even rents and flip points come from solving the"
            " changed case again, not from a dual price, whose two sides differ where limits tie."
        ),
    ),
    (
        "Sources",
        (
            "Every input has a source or is called an assumption. A source belongs to the value that it was"
            " written for: an edit drops it."
        ),
    ),
)
