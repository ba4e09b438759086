"""A fault for each identity of the audit: the table that it is planted into, and the column or rows that it changes."""

from __future__ import annotations

__all__ = ["FAULTS", "INVENTED", "NOT_IDENTITIES", "TWICE", "WITHOUT_ONE", "WITHOUT_ONE_WHERE"]

# Faults of rows. Every other fault is `column = expression` for all rows, several of them parted by semicolons.
TWICE, WITHOUT_ONE = "one row twice", "without one row"
# Beginning of a fault that leaves out a row of a condition, where other rows do not matter to the test.
WITHOUT_ONE_WHERE = "without one row where "
# Beginning of a fault that adds a row of these values, for tables that the small world leaves empty.
INVENTED = "one row more: "

# By the test: the table, and its fault.
FAULTS: dict[str, list[tuple[str, str]]] = {
    "a_lift_lies_in_its_interval_and_is_an_effect_only_without_zero": [
        ("fct_campaign_results", "lift_low_per_member = lift_per_member + 1"),
        ("fct_campaign_results", "has_effect = not has_effect"),
        ("fct_campaign_results", "p_value = 1.5"),
        ("fct_campaign_results", "arm = 'held_out'"),
    ],
    "arms_of_campaigns_add_up_to_their_members": [
        ("fct_campaign_results", "members_count = members_count + 1"),
        ("fct_campaign_results", "net_sales_amount_reporting = net_sales_amount_reporting + 0.01"),
        ("fct_campaign_results", WITHOUT_ONE),
        ("fct_campaign_members", WITHOUT_ONE),
    ],
    "a_count_sets_the_level_at_its_instant": [("int_stock_on_hand", "on_hand_quantity = on_hand_quantity + 1")],
    "a_settled_order_leaves_nothing_in_the_reporting_currency": [
        ("fct_journal", "debit_amount_reporting = debit_amount_reporting + 0.01")
    ],
    "amount_parts_add_up": [
        ("fct_order_lines", "gross_amount = ordered_gross_amount + 2"),
        ("fct_order_lines", "tax_amount = tax_amount + 1"),
    ],
    "amounts_of_order_lines_are_whole_minor_units": [("fct_order_lines", "discount_amount = discount_amount + 0.001")],
    "an_order_is_late_exactly_while_its_exception_is_open": [
        ("fct_orders", "is_late = not is_late"),
        ("fct_exceptions", "code = replace(code, 'late', 'lost')"),
    ],
    "an_order_is_stuck_exactly_while_its_exception_is_open": [("fct_orders", "is_stuck = not is_stuck")],
    "an_order_is_unpaid_exactly_if_that_is_an_exception": [
        ("fct_orders", "is_unpaid = not coalesce(is_unpaid, false)"),
    ],
    "closed_figures_and_restatements_add_up_to_what_is_published": [
        (
            "fct_restatements",
            f"{INVENTED}figure = 'revenue'; measure = 'net_sales'; difference_amount = 1; currency = 'EUR'",
        )
    ],
    "cohorts_add_up_to_customers_and_their_purchases": [
        ("fct_cohort_retention", "purchases_count = purchases_count + 1"),
        ("fct_cohort_retention", "customers_count = customers_count + 1"),
    ],
    "customers_add_up_to_orders": [
        ("dim_customers", "orders_count = orders_count + 1"),
        ("dim_customers", "shipped_quantity = shipped_quantity + 1"),
    ],
    "customers_spend_adds_up_to_net_sales": [("int_customer_orders", WITHOUT_ONE)],
    "days_of_carriers_add_up_to_parcels": [
        ("fct_carrier_daily", "parcels_count = parcels_count + 1"),
        ("fct_carrier_hours", WITHOUT_ONE),
    ],
    "days_of_revenue_add_up_to_their_events": [
        ("int_revenue_daily", WITHOUT_ONE),
        ("int_revenue_daily", "units_quantity = units_quantity + 1"),
    ],
    "debits_equal_credits_of_every_entry_and_currency": [
        ("fct_journal", "debit_amount = debit_amount * 2"),
        ("fct_journal", "credit_amount_reporting = credit_amount_reporting * 2"),
        ("fct_journal", WITHOUT_ONE),
    ],
    "disputed_money_is_never_negative_nor_more_than_was_disputed_or_lost": [
        ("int_order_payments", "disputed_amount = disputed_amount - 1"),
        ("int_order_payments", "disputed_amount = disputed_amount + 1"),
    ],
    "due_is_what_kept_lines_and_shipping_cost": [
        ("int_order_states", "due_amount = due_amount + 0.01"),
        ("int_order_states", "captured_amount = captured_amount + 0.01"),
    ],
    "durations_are_counted_in_one_bucket_each": [("fct_kpi_distribution", WITHOUT_ONE)],
    "events_of_an_order_are_numbered_without_gaps": [("fct_order_timeline", "event_number = event_number + 1")],
    "every_customer_has_one_segment_per_scheme_and_snapshot": [
        ("fct_customer_segments", WITHOUT_ONE),
        ("fct_customer_segments", TWICE),
        ("fct_customer_segments", "segment = null::varchar"),
    ],
    "every_gap_between_sales_and_cash_is_explained": [
        ("int_payment_reconciliation", "unpaid_break_amount = unpaid_break_amount + 0.01"),
        ("int_payment_reconciliation", "unexplained_amount = 0.01"),
        ("int_payment_ledger", "signed_amount_order_currency = signed_amount_order_currency + 0.01"),
    ],
    "every_kpi_is_in_the_catalogue": [("kpi_catalogue", "kpi = 'another ' || kpi")],
    "every_ledger_row_adds_up": [
        ("fct_inventory_ledger", f"{term}_quantity = {term}_quantity + 1")
        for term in (
            "opening", "received", "shipped", "unshipped", "restocked", "adjusted", "transferred",
            "count_adjustment", "closing",
        )
    ],
    "every_line_of_a_known_order_is_in_the_mart_once": [("fct_order_lines", WITHOUT_ONE), ("fct_order_lines", TWICE)],
    "every_member_of_a_campaign_is_in_one_arm": [("fct_campaign_members", TWICE)],
    "every_movement_of_a_payout_is_explained_or_a_part_of_it": [("int_payout_parts", "part_id = part_id || '?'")],
    "every_open_unit_that_needs_stock_is_allocated_or_backordered": [
        ("int_line_allocations", "backordered_quantity = backordered_quantity + 1"),
        ("int_line_allocations", TWICE),
    ],
    "every_order_has_exactly_one_stage": [
        ("fct_orders", WITHOUT_ONE),
        ("fct_orders", TWICE),
        ("fct_orders", "stage = null::varchar"),
    ],
    "every_ordered_unit_is_somewhere": [
        ("fct_order_lines", f"{part}_quantity = {part}_quantity + 1")
        for part in ("ordered", "cancelled", "shipped", "held", "allocated", "backordered", "not_tracked")
    ],
    "every_payout_is_the_sum_of_its_parts": [
        *(("fct_payout_reconciliation", f"{part}_amount = {part}_amount + 1") for part in (
            "captured", "refunded", "disputed", "fees", "adjustments", "reserves", "provider_fees", "dispute_fees",
            "transfers", "failed_payouts", "unexplained_payments", "unknown_movements", "residual",
        )),
        ("int_payout_parts", WITHOUT_ONE),
    ],
    "every_refund_without_a_return_is_assigned_in_full": [
        ("int_refunds_assigned", "goodwill_amount = goodwill_amount + 0.01")
    ],
    "every_refusal_of_an_action_has_a_reason_and_a_way_out": [
        ("action_rules", "rejection = null"),
        ("action_rules", "is_accepted = false"),
        ("action_rules", "step = case when state = 'order' then 2 else step end"),
        ("action_rules", "state = 'order'"),
        ("canonical_vocabulary", f"{INVENTED}feed = 'actions'; column_name = 'kind'; word = 'invented'"),
    ],
    "every_restatement_has_a_cause": [("fct_restatements", f"{INVENTED}subject_id = 'invented'")],
    "every_row_of_a_kpi_counts_something": [("fct_kpi_daily", "numerator = 0; denominator = 0")],
    "every_row_of_a_file_is_accepted_duplicate_or_quarantined": [
        ("files", "rows_in = rows_in + 1"),
        ("files", "accepted = accepted + 1"),
        ("files", "duplicate = duplicate + 1"),
        ("files", "quarantined = quarantined + 1"),
    ],
    "every_scan_of_a_known_parcel_is_on_the_timeline": [("int_order_events", "feed = 'another'")],
    "every_position_has_one_proposal_of_whole_packs_that_follows_its_basis": [
        ("fct_reorder_proposals", WITHOUT_ONE),
        ("fct_reorder_proposals", TWICE),
        ("fct_reorder_proposals", "needed_quantity = needed_quantity + 1; reorder_quantity = reorder_quantity + 1"),
        ("fct_reorder_proposals", "reorder_quantity = reorder_quantity + 1"),
        ("dim_products", "pack_size = 1000000"),
        ("fct_purchase_proposals", WITHOUT_ONE),
    ],
    "every_open_promise_of_a_parcel_has_one_risk": [
        ("fct_delivery_risk", f"{WITHOUT_ONE_WHERE}subject = 'parcel'"),
        ("fct_shipments", "outcome = 'delivered'"),
    ],
    "every_shipment_is_one_parcel_of_the_mart": [("fct_shipments", WITHOUT_ONE), ("fct_shipments", TWICE)],
    "every_shipped_unit_has_one_outcome": [
        ("fct_order_lines", "lost_quantity = lost_quantity + 1"),
        ("fct_order_lines", "carrier_returned_quantity = carrier_returned_quantity + 1"),
    ],
    "gross_less_discounts_less_returns_is_net_and_with_tax_and_shipping_total": [
        ("fct_revenue_daily", f"{term}_amount{suffix} = {term}_amount{suffix} + 0.01")
        for term in ("gross_sales", "discounts", "returns", "net_sales", "tax", "shipping", "total_sales")
        for suffix in ("", "_reporting")
    ],
    "kpis_tie_out_with_the_marts": [("fct_kpi_daily", "numerator = numerator + 1")],
    "margins_of_contracts_are_those_of_their_order_lines": [
        ("fct_contract_margin", "net_sales_before_returns_amount = net_sales_before_returns_amount + 0.01"),
        ("fct_contract_margin", "contract_sales_amount = contract_sales_amount + 0.01"),
        ("fct_contract_margin", "difference_amount = difference_amount + 0.01"),
        ("fct_contract_margin", "cost_of_goods_amount = cost_of_goods_amount + 0.01"),
        ("fct_contract_margin", "gross_margin_amount = gross_margin_amount + 0.01"),
        ("fct_contract_margin", "contract_margin_amount = contract_margin_amount + 0.01"),
        ("fct_contract_margin", "units_quantity = units_quantity + 1"),
        ("fct_contract_margin", WITHOUT_ONE),
        ("int_lines_contracted", WITHOUT_ONE),
    ],
    "money_is_an_open_exception_only_while_it_is_owed": [
        ("fct_orders", "owed_to_us_amount = 0; owed_back_amount = 0")
    ],
    "money_is_owed_one_way_at_most": [("fct_orders", "owed_to_us_amount = 1; owed_back_amount = 1")],
    "nothing_that_a_customer_bought_is_recommended": [
        ("fct_recommendations", "sku = bought_sku"),
    ],
    "no_more_is_allocated_than_is_on_hand": [("fct_inventory_positions", "allocated_quantity = 1000000")],
    "no_more_is_proposed_than_can_be_routed": [
        ("fct_routing_proposals", f"{INVENTED}order_id = 'none'; line_id = '1'; sku = 'none'; quantity = 1"),
    ],
    "no_order_takes_back_more_than_it_recognised": [("int_revenue_returns", "returns_amount = 1000000")],
    "open_units_are_split_without_rest": [("fct_order_lines", "open_quantity = open_quantity + 1")],
    "no_risk_is_more_than_certain_or_than_what_is_due": [
        ("fct_delivery_risk", "late_probability = 1.5"),
        ("fct_delivery_risk", "comparable_late_count = 2; comparable_count = 1"),
    ],
    "order_equals_the_sum_of_its_lines": [
        ("fct_order_lines", "net_amount = net_amount + 0.01"),
        ("fct_order_lines", WITHOUT_ONE),
    ],
    "order_money_appears_in_revenue_exactly_once": [("int_revenue_sales", WITHOUT_ONE), ("int_revenue_sales", TWICE)],
    "pairs_of_products_are_the_same_in_both_directions": [
        ("fct_product_affinity", WITHOUT_ONE),
        ("fct_product_affinity", "orders_count = orders_count + 1000"),
    ],
    "percentiles_of_a_day_lie_within_its_durations": [("fct_kpi_daily", "numerator = numerator + 1000000")],
    "positions_hold_what_the_ledger_closes_with": [
        ("fct_inventory_ledger", "closing_quantity = closing_quantity + 1"),
        ("fct_inventory_positions", "position_level = 'network'"),
    ],
    "rates_over_stock_are_never_negative": [("fct_inventory_positions", "days_of_cover = -1")],
    "receivables_are_what_the_orders_say_is_owed_to_us": [
        ("fct_orders", "owed_to_us_amount_reporting = owed_to_us_amount_reporting + 1")
    ],
    "reporting_amounts_are_whole_minor_units": [("fct_orders", "net_amount_reporting = net_amount_reporting + 0.001")],
    "reporting_amounts_are_whole_or_missing_and_counted": [
        ("fct_revenue_daily", "missing_rates_count = missing_rates_count + 1")
    ],
    "reporting_amounts_of_days_orders_and_customers_are_sums_of_their_events": [
        ("fct_orders", "due_amount_reporting = due_amount_reporting + 0.01"),
        ("fct_revenue_daily", "total_sales_amount_reporting = total_sales_amount_reporting + 0.01"),
        ("fct_revenue_daily", "refunds_amount_reporting = refunds_amount_reporting + 0.01"),
        ("int_customer_orders", "gross_amount_reporting = gross_amount_reporting + 0.01"),
    ],
    "returns_add_up_to_the_returned_units_of_order_lines": [
        ("fct_returns", "returned_quantity = returned_quantity + 1"),
        ("fct_order_lines", "returned_net_amount = returned_net_amount + 0.01"),
    ],
    "revenue_of_a_day_is_that_of_its_order_lines": [
        ("fct_revenue_daily", "gross_sales_amount = gross_sales_amount + 0.01"),
        ("fct_revenue_daily", "units_quantity = units_quantity + 1"),
    ],
    "rfm_segments_cover_every_score": [("rfm_segments", WITHOUT_ONE)],
    "shares_lie_between_zero_and_one": [("fct_kpi_daily", "numerator = denominator + 1")],
    "stock_opens_a_day_as_it_closed_the_day_before": [
        ("fct_inventory_ledger", "opening_quantity = opening_quantity + 1"),
        ("fct_inventory_ledger", TWICE),
    ],
    "test_orders_are_in_no_mart": [("stg_orders", "is_test = true")],
    "tested_risks_use_only_promises_that_had_ended": [
        (
            "fct_delivery_risk_accuracy",
            f"{INVENTED}age_days = 0; predictions_count = 100000; late_count = 0; base_rate_sum = 0.5; "
            "origin_date = date '2099-01-05'",
        )
    ],
    "the_bridge_from_placed_sales_to_the_journal_explains_every_cent": [
        ("fct_journal_bridge", "unexplained_amount = 0.01"),
        ("fct_journal_bridge", "unexplained_amount_reporting = 0.01"),
    ],
    "the_cash_of_a_payout_is_what_was_paid_out": [
        ("fct_journal", "debit_amount = debit_amount + 0.01"),
        ("fct_payout_reconciliation", WITHOUT_ONE),
    ],
    "the_digits_of_the_reporting_currency_are_those_of_its_seed": [("currencies", "minor_digits = 3")],
    "the_journal_holds_the_money_of_the_payment_ledger": [
        ("fct_payment_ledger", f"{WITHOUT_ONE_WHERE}signed_amount <> 0"),
        ("fct_payment_ledger", "signed_amount = signed_amount + 0.01"),
        ("fct_journal", "debit_amount = debit_amount + 0.01"),
    ],
    "the_ledger_holds_every_payment_once_and_adds_up": [
        ("int_payment_ledger", WITHOUT_ONE),
        ("int_payment_ledger", TWICE),
        ("int_order_payments", "captured_amount = captured_amount + 0.01"),
    ],
    "the_timeline_moves_step_by_step_to_the_statuses_of_the_order": [
        ("int_order_events", "from_status = 'nowhere'"),
        *(
            ("fct_orders", f"{axis}_status = 'another'")
            for axis in ("order", "payment", "fulfilment", "delivery", "return")
        ),
    ],
    "untracked_axes_raise_no_exceptions": [
        ("int_order_states", "is_shipment_tracked = false; is_stock_tracked = false; is_paid_tracked = false")
    ],
    "warehouses_add_up_to_the_network": [
        ("fct_inventory_positions", "on_hand_quantity = on_hand_quantity + 1"),
        ("fct_inventory_positions", WITHOUT_ONE),
    ],
    "what_is_not_sold_in_the_end_is_taken_back_in_full": [
        ("int_journal_revisions", f"{INVENTED}gross_sales_amount = 1")
    ],
    "what_is_sold_is_earned_or_in_the_pipeline": [("fct_revenue_pipeline", WITHOUT_ONE)],
}  # fmt: skip
# Tests that speak of what a source sent and when, and not of an identity.
NOT_IDENTITIES = {
    "control_totals_are_as_stated",
    "no_feed_is_overdue",
    "no_file_was_refused_lately",
    "numbered_ids_have_no_gaps",
    "the_newest_files_are_like_those_before",
}
