"""Front of every server for people: which requests may pass. The pages themselves belong to the servers."""

from orderhouse.front.door import Door, public_names
from orderhouse.front.guard import Guard, is_own_origin, is_served_host

__all__ = ["Door", "Guard", "is_own_origin", "is_served_host", "public_names"]
