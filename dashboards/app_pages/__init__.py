"""Pages, one module each; a module named after a page and a part, such as `orders_detail`, is a part of that page."""
