"""The linear program: which activities, how much of each.

In the order of the written formulation: ``variables``, ``objective``, ``constraints``, then ``build`` puts them
together and ``solve`` reads the answer, status before values.
"""
