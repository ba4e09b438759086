"""Tests of the data dictionary: every public table and column has a description."""

from __future__ import annotations

from orderhouse.docs.data_dictionary import dictionary


def model(schema: str, name: str, **columns: str) -> dict[str, object]:
    described = {column: {"description": words} for column, words in columns.items()}
    return {
        "resource_type": "model",
        "schema": schema,
        "name": name,
        "description": f"One row\nper {name}.",
        "columns": described,
    }


MANIFEST = {
    "nodes": {
        "a": model("marts", "fct_orders", order_id="Order.", stage="One word | for people."),
        "b": model("staging", "stg_orders", order_id="Order."),
        "c": {**model("marts", "a_test"), "resource_type": "test"},
    }
}


def test_published_tables_are_described_with_their_grain_and_columns() -> None:
    text = dictionary(MANIFEST)
    assert "## marts.fct_orders\n\nOne row per fct_orders." in text
    assert "| `order_id` | Order. |" in text
    assert "| `stage` | One word \\| for people. |" in text


def test_what_readers_do_not_see_is_left_out() -> None:
    text = dictionary(MANIFEST)
    assert "stg_orders" not in text
    assert "a_test" not in text


def test_the_audit_is_described_though_dbt_does_not_make_it() -> None:
    assert "## quality.audit" in dictionary(MANIFEST)
