"""Numbers and values in words: three significant digits at most, a unit on everything, nothing made up."""

from __future__ import annotations

import math
import re
import textwrap
from typing import Any, Sequence

NOTHING = "–"
TOGETHER = "\u00a0"  # a space at which no line is broken

_UNIT_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


def count(value: float | None) -> str:
    """A bare figure: 0.42, 7.9, 213, 198,800."""
    if not value:
        return NOTHING if value is None else "0"
    if abs(value) < 0.995:
        return f"{value:.2f}"
    if abs(value) < 9.95:
        return f"{value:.1f}"
    return f"{_three_digits(value):,.0f}"


def seconds(value: float | None) -> str:
    """A time: 213 ms, 2.04 s, 850 µs."""
    if value is None:
        return NOTHING
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if abs(value) >= 0.9995 * size:
            return f"{_significant(value / size)} {unit}"
    return f"{value / 1e-9:.0f} ns" if value else "0 s"


def micros(value: float | None) -> str:
    """Microseconds, kept as such so that a column can be compared: 7.9 µs, 1,300 µs."""
    return NOTHING if value is None else f"{count(value)} µs"


def memory(value: float | None) -> str:
    """Bytes in decimal units: 35 MB, 4.1 KB."""
    if value is None:
        return NOTHING
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("KB", 1e3)):
        if abs(value) >= 0.9995 * size:
            return f"{count(value / size)} {unit}"
    return f"{value:.0f} B"


def rate(value: float | None) -> str:
    """An efficiency: 0.94; small ones keep two digits: 0.022."""
    if value is None:
        return NOTHING
    return f"{value:.2f}" if value >= 0.095 or value <= 0 else f"{value:.3f}" if value >= 0.00095 else f"{value:.2g}"


def percent(share: float | None) -> str:
    """A share: 0.94 is 94 %."""
    return NOTHING if share is None else f"{count(100 * share)} %"


def times(interval: Any) -> str:
    """A ratio with its interval: "1.21 × (1.15 to 1.28)"."""
    if interval is None:
        return NOTHING
    low, high = factor(interval.low), factor(interval.high)
    return f"{factor(interval.estimate)} ×" + (f" ({low} to {high})" if low != high else "")


def factor(value: float) -> str:
    """0.314 is 0.31, 12.34 is 12.3, 1234 is 1,230; what is small keeps two digits."""
    if value < 0.0995:
        return f"{value:.2g}"
    return f"{value:.2f}" if value < 9.995 else f"{value:.1f}" if value < 99.95 else f"{_three_digits(value):,.0f}"


def latency_seconds(text: str) -> float:
    """A delay's typical length, for sorting: `200ms` is 0.2, a distribution its first duration. Unknown: infinity."""
    first = re.search(r"(?:^|=)(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)\b", text or "")
    if first:
        return float(first[1]) * _UNIT_SECONDS[first[2]]
    return 0.0 if text in ("0", "") else math.inf


def fixed_seconds(text: str) -> float | None:
    """The delay where it is a fixed one, else None."""
    return latency_seconds(text) if re.fullmatch(r"\d+(\.\d+)?(ns|us|µs|ms|s)|0", text or "") else None


def latency(text: str) -> str:
    """`uniform:min=10ms,max=50ms` → "10 ms to 50 ms (uniform)"."""
    kind, _, rest = text.partition(":")
    values = {k: _spaced(v) for k, _, v in (part.partition("=") for part in rest.split(",")) if v}
    if kind == "uniform" and values.keys() >= {"min", "max"}:
        return f"{values['min']} to {values['max']} (uniform)"
    if kind == "lognormal" and values.keys() >= {"p50", "p99"}:
        return f"p50 {values['p50']}, p99 {values['p99']} (lognormal)"
    if kind == "bimodal" and values.keys() >= {"fast", "slow"}:
        share = f" for {_percent(values['slow_share'])}" if "slow_share" in values else ""
        return f"{values['fast']}, {values['slow']}{share} (bimodal)"
    if kind == "file":
        return f"as measured in {rest}"
    return _spaced(text)


def value(text: str) -> str:
    """A parameter's value in words: "1,000", "200 ms", "10 ms to 50 ms (uniform)", "30 %" of planned failures."""
    if text.isdigit():
        return f"{int(text):,}"
    if text.startswith("rate="):
        return _percent(_fields(text)["rate"])
    return latency(text)


def kinds_of_failure(text: str, tried_again: bool) -> str:
    """`rate=0.3:attempts=2:kinds=503-reset` → " (503, reset)", of calls that are tried again " (503, reset; up to 2
    attempts)"; nothing where a value says nothing of kinds."""
    fields = _fields(text) if text.startswith("rate=") else {}
    if not (kinds := fields.get("kinds")):
        return ""
    attempts = fields.get("attempts", "1")
    often = f"; up to {attempts} attempts" if tried_again and attempts != "1" else ""
    return f" ({kinds.replace('-', ', ')}{often})"


def many(number: int, what: str) -> str:
    """"1 row", "1,200 rows"."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def listed(names: Sequence[str]) -> str:
    """"a, b and c"."""
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def wrapped(text: str, width: int, indent: str = "") -> str:
    """In lines of this width, `indent` before all but the first. Broken at spaces alone, but for those that are TOGETHER: a
    name that is wider stays whole, and a figure with its unit."""
    together = re.sub(r"(?<=\d) (?=[^\W\d]|[×%])|(?= ·) ", TOGETHER, text)
    return "\n".join(textwrap.wrap(together, width, subsequent_indent=indent, break_long_words=False,
                                   break_on_hyphens=False)).replace(TOGETHER, " ")


def _fields(text: str) -> dict[str, str]:
    return dict(part.partition("=")[::2] for part in text.split(":"))


def _spaced(text: str) -> str:
    return re.sub(r"^(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)$", lambda m: f"{m[1]} {m[2].replace('us', 'µs')}", text)


def _percent(text: str) -> str:
    try:
        return f"{100 * float(text):g} %"
    except ValueError:
        return text


def _significant(value: float) -> str:
    if abs(value) >= 99.95:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 9.995 else f"{value:.2f}"


def _three_digits(value: float) -> float:
    if abs(value) < 1000:
        return value
    return round(value, 2 - int(math.floor(math.log10(abs(value)))))
