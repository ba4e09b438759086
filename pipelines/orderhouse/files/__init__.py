"""Files: the sources of bytes (this machine, object stores, archives) and the ways in which files are damaged.

Feeds and formats do not belong here.
"""
