"""Repair: decisions about quarantined rows and records, and carrying them out.

A decision is a patch, a discard or a withdrawal, written beside the row and never into it (`decisions`, `records`).
`replay` screens a patched row again and brings it into its feed; `reread` loads a file again whose records were
patched. `state` reads how each row stands, `history` what was decided, `export` writes rows for whoever corrects them.
"""
