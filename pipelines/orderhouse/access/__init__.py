"""Access: who may see and do what, and the tables that a role may read.

The file `access.yaml`, its roles and its people belong here, and the copies of published versions that hold only the
rows and columns of a role. Queries belong to `serve`, the record of what people did to `operations`.
"""
