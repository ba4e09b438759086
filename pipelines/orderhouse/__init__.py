"""Orderhouse: an order-management warehouse, from input feeds to order, stock, customer and revenue tables."""
