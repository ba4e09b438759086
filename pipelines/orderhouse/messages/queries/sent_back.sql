-- One row per accepted action that goes back to the source of its order, from an instant on or of these ids, in order.
select
    action_id,
    order_id,
    order_source,
    kind,
    occurred_at,
    line_id,
    quantity,
    warehouse_id,
    instant(promised_at) as promised_at,
    assignee,
    actor,
    role,
    reason_token,
    payload_token
from ops.actions
where
    is_sent_back
    and ($since is null or occurred_at >= $since)
    and ($ids is null or action_id in (select unnest($ids)))
order by occurred_at, action_id
