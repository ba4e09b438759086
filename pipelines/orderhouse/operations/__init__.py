"""Operations: the database of what is neither a feed nor a published table, and the audit log in it.

Losing it loses no order and no cent. Roles belong to `access`, what people read to `serve`.
"""
