"""Operations of OVSDB transactions (RFC 7047, section 5.2) as JSON, and what their results say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from controller.errors import DatabaseError

if TYPE_CHECKING:
    from collections.abc import Sequence

Operation = dict[str, Any]

# Without it a standalone ovsdb-server replies before its disk holds the transaction.
DURABLE: Operation = {"op": "commit", "durable": True}


class OperationFailed(DatabaseError):
    """One operation failed and with it the whole transaction: ``index`` says which, ``error`` is OVSDB's word."""

    def __init__(self, index: int, error: str, details: str) -> None:
        super().__init__(f"operation {index}: {error}: {details}")
        self.index = index
        self.error = error


def insert(table: str, row: dict[str, Any], name: str = "") -> Operation:
    """Return an insertion; ``name`` is what ``named`` refers to in the same transaction."""
    operation: Operation = {"op": "insert", "table": table, "row": row}
    return operation | {"uuid-name": name} if name else operation


def update(table: str, where: Operation | list[Any], row: dict[str, Any]) -> Operation:
    """Return an update of the rows that ``where`` selects."""
    return {"op": "update", "table": table, "where": where, "row": row}


def mutate(table: str, where: list[Any], mutations: list[Any]) -> Operation:
    """Return a mutation of the rows that ``where`` selects."""
    return {"op": "mutate", "table": table, "where": where, "mutations": mutations}


def delete(table: str, where: list[Any]) -> Operation:
    """Return a deletion of the rows that ``where`` selects."""
    return {"op": "delete", "table": table, "where": where}


def only_if(table: str, where: list[Any], columns: list[str], found: list[dict[str, Any]]) -> Operation:
    """Return a condition: the transaction fails unless exactly the rows ``found`` stand there."""
    condition: Operation = {"op": "wait", "timeout": 0, "table": table, "where": where}
    return condition | {"columns": columns, "until": "==", "rows": found}


def row(uuid: str) -> list[Any]:
    """Return the condition that selects one row."""
    return [["_uuid", "==", ["uuid", uuid]]]


def named(name: str) -> list[str]:
    """Return a reference to a row that the same transaction inserts."""
    return ["named-uuid", name]


def outcome(results: Any, operations: Sequence[Operation]) -> list[dict[str, Any]]:
    """Return the results, one for each operation. Raises OperationFailed, DatabaseError."""
    if not isinstance(results, list) or len(results) < len(operations):
        raise DatabaseError(f"no results of a transaction: {results!r:.200}")
    for index, result in enumerate(results):
        if isinstance(result, dict) and "error" in result:
            raise OperationFailed(index, str(result["error"]), str(result.get("details", "")))
    return results
