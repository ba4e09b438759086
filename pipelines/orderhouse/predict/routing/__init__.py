"""Routing of open orders: from which warehouse each open line is to leave.

The core (`world`, `policy`, `start`, `components`, `solving`, `improving`, `deciding`) knows neither databases nor
files. Its inputs are dbt models, which `inputs` reads. Accepting a proposal is a `route` action and belongs to
`orderhouse.actions`.
"""
