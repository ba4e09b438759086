select
    files.source,
    files.feed,
    files.path,
    files.rows_in,
    files.accepted,
    files.duplicate,
    files.quarantined
from {{ ref('files') }} as files
where files.rows_in is distinct from files.accepted + files.duplicate + files.quarantined
