"""SQL for timestamps, in any form that a file may have them."""

from __future__ import annotations


def instant(time_zone: str, value: str, kind: str) -> str:
    """SQL for the timestamp in UTC of a `value` of the `kind`.

    Numbers are seconds, milli-, micro- or nanoseconds, depending on their size; a date is midnight in `time_zone`.
    """
    number = _epoch(f"TRY_CAST({value} AS DOUBLE)")
    text_date = f"TRY_CAST({value} AS DATE)"
    of_text = (
        f"CASE WHEN length({value}) = 10 AND contains({value}, '-') THEN {_midnight(time_zone, text_date)} "
        f"ELSE coalesce(CAST(TRY_CAST({value} AS TIMESTAMPTZ) AS TIMESTAMP), {number}) END"
    )
    of_kind = {
        "timestamp": f"CAST({value} AS TIMESTAMP)",
        "date": _midnight(time_zone, value),
        "instant": f"CAST(CAST({value} AS TIMESTAMPTZ) AS TIMESTAMP)",
        "integer": _epoch(f"TRY_CAST({value} AS BIGINT)"),
        "number": number,
        "text": of_text,
        "JSON": of_text,
    }
    return of_kind.get(kind, "CAST(NULL AS TIMESTAMP)")


def _midnight(time_zone: str, day: str) -> str:
    return f"CAST(TRY_CAST({day} AS TIMESTAMP) AT TIME ZONE '{time_zone}' AS TIMESTAMP)"


def _epoch(number: str) -> str:
    return (
        f"try(make_timestamp(CAST(CASE WHEN abs({number}) < 1e11 THEN {number} * 1000000 "
        f"WHEN abs({number}) < 1e14 THEN {number} * 1000 "
        f"WHEN abs({number}) < 1e17 THEN {number} ELSE {number} // 1000 END AS BIGINT)))"
    )
