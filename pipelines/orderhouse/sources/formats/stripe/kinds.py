"""Names of Stripe's objects, as a record has them in `object`. Any other name is unknown or newer than this list."""

from __future__ import annotations

__all__ = ["is_known"]

_PLAIN = """
account account_link account_session apple_pay_domain application application_fee balance balance_settings
balance_transaction bank_account capability card cash_balance charge confirmation_token country_spec coupon
credit_note credit_note_line_item customer customer_balance_transaction customer_cash_balance_transaction
customer_session discount dispute ephemeral_key event exchange_rate fee_refund file file_link funding_instructions
invoice invoice_payment invoice_rendering_template invoiceitem item line_item list login_link mandate order
payment_attempt_record payment_intent payment_intent_amount_details_line_item payment_link payment_method
payment_method_configuration payment_method_domain payment_record payout person plan platform_tax_fee price product
product_feature promotion_code quote recipient refund review scheduled_query_run search_result setup_attempt
setup_intent shipping_rate sku source source_mandate_notification source_transaction subscription subscription_item
subscription_schedule tax_code tax_id tax_rate token topup transfer transfer_reversal usage_record
usage_record_summary webhook_endpoint
"""
_FAMILIES = """
apps billing billing_portal checkout climate crypto entitlements financial_connections forwarding identity issuing radar
reporting reserve sigma tax terminal test_helpers treasury v2
"""
PLAIN = frozenset(_PLAIN.split())
FAMILIES = frozenset(_FAMILIES.split())


def is_known(name: str) -> bool:
    """Return whether a name is that of one of Stripe's objects."""
    family, _, rest = name.partition(".")
    return name in PLAIN or (family in FAMILIES and rest.replace(".", "").replace("_", "").isalnum())
