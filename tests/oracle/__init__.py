"""Oracle: the definitions written a second time, row by row in plain Python, and compared with the published marts.

Nothing here uses SQL to compute, polars, or code of the product. It is written from the written definitions alone, so
that it shares no error with the models. `rows` reads the accepted rows of a home, the modules named after subjects
compute, and `comparison` compares cell by cell.
"""
