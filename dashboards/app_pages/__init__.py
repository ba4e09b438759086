"""Pages, one module each, and parts of pages.

A part is a module under its page's name: `orders_detail` is a part of `orders`. Pages never import each other.
"""
