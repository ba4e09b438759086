"""Messages: the transactional outbox, its delivery, and what is told to customers after each publication.

Nothing is sent that was not stored before. Conditions that need a person belong to `monitoring`, and the tables to
`operations`.
"""
