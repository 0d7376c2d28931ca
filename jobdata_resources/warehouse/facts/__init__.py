"""Facts: the normalised values of published strings, one row per distinct string and version of the rules.

Readers join ``fact_<field>_active`` on the raw string, or read ``job_analytics``, which has done so.
"""
