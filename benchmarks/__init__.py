"""Speed beside the alternatives, in one run, as ratios. ``make bench`` runs them all."""
