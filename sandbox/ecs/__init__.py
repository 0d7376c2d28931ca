"""A local Alibaba Cloud ECS: the RPC API of version 2014-05-26, with local processes as instances.

What belongs here: the other side of the wire - signatures, policies, instances, stock, prices, bills, commands,
metadata, and everything that goes wrong on demand. What does not: any client code, and any policy about a fleet.
"""
