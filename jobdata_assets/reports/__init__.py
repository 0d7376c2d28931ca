"""What is written for people: the market report, totals, and what the fleet cost."""
