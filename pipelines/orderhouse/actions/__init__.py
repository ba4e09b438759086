"""Actions: what operators do to orders, order lines, returns and exceptions, from the request to the landed record.

A request is judged by the published rules (`ops.allowed_actions`) on the published state, landed as records of the feed
`actions`, and pending until a run has folded it in. The effect of an action belongs to the dbt models.
"""
