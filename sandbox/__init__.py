"""Local servers that speak the platforms' wire formats, over a market generated from a seed.

What belongs here: everything the other side of the wire would do - the market, the records, the checks on a
request, limits, bans and faults. What does not: any client code. Nothing in this package imports the crawler,
so an error in the reading of a wire format cannot hide by being made twice.
"""
