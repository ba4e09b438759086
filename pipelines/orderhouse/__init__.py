"""Orderhouse: feeds in, proven order, stock, customer and revenue state out."""
