"""The fleet: short-lived ECS spot instances that crawl, started when there is work, replaced, and gone when done.

    plan ──► reserve in the ledger ──► RunInstances ──► node program (Cloud Assistant) ──► watch ──► delete ──► settle

Imports nothing by itself: the cloud's SDK is brought in by the function that calls it.
"""
