"""What every page stands in and draws with: the frame, services, terms, formulas. It may import pages.draw."""
