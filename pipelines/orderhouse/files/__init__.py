"""Files: where bytes come from (this machine, object stores, archives) and what can be wrong with them.

Nothing here knows feeds or formats.
"""
