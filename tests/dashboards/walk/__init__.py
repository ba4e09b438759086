"""Walk through all pages of a home, and everything that can be wrong on them."""
