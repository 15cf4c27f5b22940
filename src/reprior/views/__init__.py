"""How an analysis is shown: pages, plots and drawings."""
