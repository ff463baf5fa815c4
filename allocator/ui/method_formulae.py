r"""The method's formulae in mathematical notation, by their name in :mod:`allocator.method_words`.

Written for KaTeX. ``m`` is a month from the valuation date, ``k`` a month since a hall's delivery, ``q`` a quarter.
"""

from __future__ import annotations

NOTATION = {
    "Value of a plan": r"""
        \mathrm{NPV} = \sum_j x_j v_j, \qquad
        v_j = \sum_m \frac{\mathrm{CF}_{jm}}{(1 + r_{\mathrm{use}(j)})^{m/12}}
    """,
    "Hashprice": r"""
        h = \frac{P \, (S + F) \cdot 144}{1000 \, H}
        \qquad P: \text{USD/BTC}, \; S + F: \text{BTC a block}, \; H: \text{EH/s running}
    """,
    "Network response": r"""
        \begin{aligned}
        u_t &= \min\!\left(1, \left(\frac{h_t}{\theta h^*_t}\right)^{e}\right) \qquad \text{share switched on} \\
        i_{t+1} &= i_t + \left[\frac{\ln(1+g)}{12} + \frac{\kappa}{12}\bigl(\ln h_t + f_t - \ln h^*_t\bigr)
        \right]_{-4\,\%}^{+5\,\%} + \frac{\ln(1-\varphi)}{T}\,\mathbf 1_{t<T} \qquad \text{log of what is installed}
        \end{aligned}
    """,
    "Mining margin": r"""
        \mathrm{margin} = \overline{\max\!\left(0,\;
        \frac{1000\,h\,(1-f)}{24 \cdot \mathrm{J/TH} \cdot \mathrm{PUE}} - p - c\right)}
        \cdot \mathrm{hours} \cdot \mathrm{uptime}
        \qquad \text{mean over the hours' prices } p
    """,
    "Machines": r"""
        \frac{\mathrm{TH/s}}{\mathrm{MW}} = \frac{10^6}{\mathrm{J/TH}\cdot\mathrm{PUE}}, \qquad
        V_m = V_0\,(1-d)^{m/12}, \qquad J_y = J_0\,(1-\varepsilon)^{y}
    """,
    "Rent": r"""
        R_k = 1000\;\rho\;(1+g)^{\lfloor (k-1)/12 \rfloor}\;\max(\text{take or pay},\, \text{use})
        \qquad k > \text{free months}
    """,
    "Tenancy": r"""
        \Pr(\text{in place})_k = (1-p)^{k/12}\;(1-p_{\mathrm{leave}})^{\mathbf 1[k > k_{\mathrm{leave}}]}\;
        p_{\mathrm{renewal}}^{\,\max(0,\, \lceil (k - K)/L \rceil)}
        \\[4pt] K: \text{base term}, \quad L: \text{each renewal, in months}
    """,
    "Guarantor": r"""
        G = \sum_m \Pr(\text{default in } m)\;\min\bigl(\mathrm{cap},\; \text{rent missed from } m \text{ on}\bigr)
    """,
    "Net operating income": r"""
        \mathrm{NOI} = (R + G)\cdot \mathrm{margin} + \text{fee} - \text{running costs}
        - \underbrace{\mathrm{load}\cdot\mathrm{PUE}\cdot\mathrm{hours}\cdot p}_{\text{gross only}}
    """,
    "Construction": r"""
        \text{drawn}(u) = u^2\,(3 - 2u), \qquad u = \frac{\text{months since start}}{\text{build months}}
    """,
    "Cancellation, end": r"""
        \text{sale} = \frac{\mathrm{NOI}_{\text{next year}}}{\text{cap rate}}\,(1 - \text{selling cost})
    """,
    "Tax": r"""
        T_m = \tau\, y_m \;\text{ (used at once)}, \qquad
        T_m = \tau\,\Delta_m \max\Bigl(0,\, \max_{s \le m} \sum_{t \le s} y_t\Bigr) \;\text{ (carried forward)}
    """,
    "Debt": r"""
        D = \min\!\left(\mathrm{LTC}\cdot\text{cost},\;
        \frac{1}{\mathrm{DSCR}}\sum_k \frac{\mathrm{CFADS}_k}{(1 + c/12)^{k}}\right), \qquad
        \text{level service} = \frac{D\,c/12}{1-(1+c/12)^{-n}}
    """,
    "Cover (DSCR)": r"""
        \mathrm{DSCR}_{\min} = \min_k \frac{\mathrm{CFADS}_k}{\text{debt service}_k}
    """,
    "Capital tied up": r"""
        \sum_{t \le q} \bigl(\text{paid in}_t - \text{reinvested share}\cdot\text{came back}_t\bigr) \;\le\; B_q
    """,
    "IRR": r"""
        \sum_m \frac{\mathrm{CF}_m}{(1+i)^m} = 0, \qquad \mathrm{IRR} = (1+i)^{12} - 1
    """,
}
