"""Many sites: a table of candidates over one base case, solved row by row on one machine or on a cluster."""
