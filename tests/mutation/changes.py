"""Small changes of a query, by kind, each at every place of a parsed tree where it can be made.

A change takes a node and alters the tree in place. Which of the places a mutant takes is chosen in `mutants`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sqlglot import exp

__all__ = ["KINDS", "Place"]

# What a place does to its tree.
Place = Callable[[], None]
Found = Iterator[Place]

OPPOSITE = {
    exp.EQ: exp.NEQ,
    exp.NEQ: exp.EQ,
    exp.NullSafeEQ: exp.NullSafeNEQ,
    exp.NullSafeNEQ: exp.NullSafeEQ,
}
REVERSED = {exp.LT: exp.GT, exp.LTE: exp.GTE, exp.GT: exp.LT, exp.GTE: exp.LTE}
OPEN_AND_CLOSED = {exp.LT: exp.LTE, exp.LTE: exp.LT, exp.GT: exp.GTE, exp.GTE: exp.GT}
OTHER_SIGN = {exp.Add: exp.Sub, exp.Sub: exp.Add}
OTHER_WORD = {exp.And: exp.Or, exp.Or: exp.And}
OTHER_AGGREGATE = {
    exp.Sum: exp.Max,
    exp.Max: exp.Min,
    exp.Min: exp.Max,
    exp.Avg: exp.Max,
    exp.LogicalOr: exp.LogicalAnd,
    exp.LogicalAnd: exp.LogicalOr,
    exp.First: exp.Last,
}


def _joins(node: exp.Expression) -> bool:
    """Return true for a part of a join's condition. Changed there, equality pairs every row with every other."""
    return isinstance(node.find_ancestor(exp.Join, exp.Select), exp.Join)


def _is_literal_truth(node: exp.Expression | None) -> bool:
    """Return true for `true`, which stands in full builds where increments filter."""
    return isinstance(node, exp.Boolean) and bool(node.this)


def _replaced(node: exp.Expression, by: exp.Expression) -> Place:
    return lambda: _put(node, by)


def _put(node: exp.Expression, by: exp.Expression) -> None:
    node.replace(by)


def _of_two(node: exp.Expression, by: type[exp.Expression]) -> Place:
    return lambda: _put(node, by(this=node.this.copy(), expression=node.expression.copy()))


def _nodes(root: exp.Expression, *types: type[exp.Expression]) -> Iterator[exp.Expression]:
    """Return the nodes of these types in the order of the text."""
    for node in root.walk(bfs=False):
        if isinstance(node, types):
            yield node


def comparison(root: exp.Expression) -> Found:
    """Turn equal into unequal, and less into greater."""
    for node in _nodes(root, *OPPOSITE, *REVERSED):
        if not _joins(node):
            yield _of_two(node, (OPPOSITE | REVERSED)[type(node)])


def boundary(root: exp.Expression) -> Found:
    """Take the boundary into an interval, or out of it."""
    for node in _nodes(root, *OPEN_AND_CLOSED):
        yield _of_two(node, OPEN_AND_CLOSED[type(node)])


def condition(root: exp.Expression) -> Found:
    """Turn `and` into `or`, and take `not` away; `is null` and `is not null` change places."""
    for node in _nodes(root, exp.And, exp.Or, exp.Not, exp.Is):
        if _joins(node) or _is_literal_truth(node.this) or _is_literal_truth(node.args.get("expression")):
            continue
        if isinstance(node, exp.Not):
            yield _replaced(node, node.this.copy())
        elif isinstance(node, exp.Is):
            if not isinstance(node.parent, exp.Not):
                yield _replaced(node, exp.Not(this=node.copy()))
        else:
            yield _of_two(node, OTHER_WORD[type(node)])


def join(root: exp.Expression) -> Found:
    """Turn an outer join into an inner one, and an inner one into a left one."""
    for node in _nodes(root, exp.Join):
        side = node.side.lower()
        if not node.args.get("on") and not node.args.get("using"):
            continue
        if side == "full":
            yield _with(node, side="left", kind=None)
        elif side:
            yield _with(node, side=None, kind=None)
        elif node.kind.lower() in ("", "inner"):
            yield _with(node, side="left", kind=None)


def _with(node: exp.Expression, **arguments: object) -> Place:
    def change() -> None:
        for name, value in arguments.items():
            node.set(name, value)

    return change


def sign(root: exp.Expression) -> Found:
    """Add instead of subtracting, and the other way round; take a minus away."""
    for node in _nodes(root, exp.Add, exp.Sub, exp.Neg):
        if isinstance(node, exp.Neg):
            yield _replaced(node, node.this.copy())
        else:
            yield _of_two(node, OTHER_SIGN[type(node)])


def rounding(root: exp.Expression) -> Found:
    """Round half away from zero instead of half-even, and to the other side."""
    for node in _nodes(root, exp.Anonymous, exp.Round, exp.Floor, exp.Ceil):
        if isinstance(node, exp.Anonymous):
            if node.name.lower() == "round_even":
                given = [each.copy() for each in node.expressions]
                yield _replaced(node, exp.Round(this=given[0], decimals=given[1]))
        elif isinstance(node, exp.Round):
            is_even = "round_even" in node.sql(dialect="duckdb").lower()
            by = exp.Round if is_even else exp.Floor
            decimals = {"decimals": node.args["decimals"].copy()} if is_even and node.args.get("decimals") else {}
            yield _replaced(node, by(this=node.this.copy(), **decimals))
        else:
            by = exp.Ceil if isinstance(node, exp.Floor) else exp.Floor
            yield _replaced(node, by(this=node.this.copy()))


def aggregate(root: exp.Expression) -> Found:
    """Aggregate by another function: maximum for sum and the like; count repeated values too."""
    for node in _nodes(root, *OTHER_AGGREGATE, exp.Count):
        if not isinstance(node, exp.Count):
            yield _replaced(node, OTHER_AGGREGATE[type(node)](this=node.this.copy()))
        elif isinstance(node.this, exp.Distinct):
            yield _replaced(node, exp.Count(this=node.this.expressions[0].copy()))
        elif isinstance(node.this, exp.Star):
            yield _replaced(node, exp.Max(this=exp.Literal.number(1)))
        else:
            yield _replaced(node, exp.Count(this=exp.Star()))


def default(root: exp.Expression) -> Found:
    """Take the last resort of `coalesce` away."""
    for node in _nodes(root, exp.Coalesce):
        if len(node.expressions) == 1:
            yield _replaced(node, node.this.copy())
        elif node.expressions:
            yield _with(node, expressions=[each.copy() for each in node.expressions[:-1]])


def partition(root: exp.Expression) -> Found:
    """Take the last column of a window's partition away."""
    for node in _nodes(root, exp.Window):
        columns = node.args.get("partition_by")
        if columns:
            yield _with(node, partition_by=[each.copy() for each in columns[:-1]])


def order(root: exp.Expression) -> Found:
    """Reverse the first column of a window's order."""
    for node in _nodes(root, exp.Window):
        ordered = node.args.get("order")
        spec = node.args.get("spec")
        if ordered and not (spec and "interval" in spec.sql(dialect="duckdb").lower()):
            first = ordered.expressions[0]
            yield _with(first, desc=not first.args.get("desc"))


def filtering(root: exp.Expression) -> Found:
    """Drop one condition of a filter."""
    for node in _nodes(root, exp.Where, exp.Having, exp.Qualify):
        parts = list(node.this.flatten()) if isinstance(node.this, exp.And) else [node.this]
        for part in parts:
            if not _is_literal_truth(part):
                yield _replaced(part, exp.true())


def branch(root: exp.Expression) -> Found:
    """Drop a branch of `case`."""
    for node in _nodes(root, exp.Case):
        branches = node.args["ifs"]
        if len(branches) > 1:
            for index in range(len(branches)):
                kept = [each.copy() for at, each in enumerate(branches) if at != index]
                yield _with(node, ifs=kept)
        else:
            yield _replaced(node, node.args["default"].copy() if node.args.get("default") else exp.null())


# What is changed, by name, in the order of the report.
KINDS: dict[str, Callable[[exp.Expression], Found]] = {
    "condition": condition,
    "comparison": comparison,
    "boundary": boundary,
    "join": join,
    "filter": filtering,
    "branch": branch,
    "sign": sign,
    "rounding": rounding,
    "aggregate": aggregate,
    "default": default,
    "partition": partition,
    "order": order,
}
