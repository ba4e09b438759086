select
    risks.order_id,
    risks.shipment_id,
    risks.late_probability
from {{ ref('fct_delivery_risk') }} as risks
where
    risks.late_probability < 0
    or risks.late_probability > 1
    or risks.comparable_late_count > risks.comparable_count
    or abs(risks.at_risk_amount_reporting) > abs(risks.due_amount_reporting)
