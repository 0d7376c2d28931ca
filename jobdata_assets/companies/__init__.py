"""Companies: which are wanted, their details, and which accounts are one company."""
