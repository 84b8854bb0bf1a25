"""What a row of results says of itself: its case, and whether it has a number or why not."""

from __future__ import annotations

from typing import Any

Row = dict[str, Any]

OK, ERROR, LIMIT, NOT_APPLICABLE = "ok", "error", "limit", "n/a"
_STATUSES = {"verified": OK, "error": ERROR, "limit": LIMIT, "not_applicable": NOT_APPLICABLE}
WORDS = {ERROR: "error", LIMIT: "limit", NOT_APPLICABLE: "not applicable"}


def status_of(row: Row) -> tuple[str, str]:
    """The row's status, and why it has no number. A row that nobody verified is an error, not a number."""
    message = " ".join(str(row.get("error_message") or row.get("skip_message") or "").split())
    failed = bool(row.get("error_occurred") or row.get("skipped"))
    status = _STATUSES.get(row.get("status", "error" if failed else "verified"), ERROR)  # medians have none
    if status == OK and not failed:
        return (OK, "") if row.get("verified") == 1 else (ERROR, "not verified: the row carries no `verified` mark")
    return (ERROR if status == OK else status), message or "failed without a message"


def has_no_number(row: Row) -> bool:
    """Not applicable, or beyond this machine's limits: said once, and not tried in later rounds."""
    return status_of(row)[0] in (LIMIT, NOT_APPLICABLE)


def is_failure(row: Row) -> bool:
    return status_of(row)[0] == ERROR


def why(row: Row) -> str:
    """Of a row without a number, in a line: "limit: needs 20,100 descriptors"."""
    status, message = status_of(row)
    return message if status == ERROR else f"{WORDS[status]}: {message}"


def is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < float("inf")
