"""What Dagster sees of Orderhouse: assets, checks, a job, when it runs. Every step is one call into the library.

Importing this package imports no Dagster: `commands` belongs to the command line and must stay quick.
"""
