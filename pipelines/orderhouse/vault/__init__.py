"""Vault: personal values behind keyed tokens, the keys, and the retained originals of received files.

The erasure of people belongs in `orderhouse.erasure`.
"""
