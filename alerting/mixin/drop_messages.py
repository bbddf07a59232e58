"""Templates of what is said about drops: what was expected, why a low day is none, since when, where, and with what."""

from __future__ import annotations

from collections.abc import Sequence

from alerting.mixin import lost
from alerting.mixin.drops import DEVIATIONS, ERRORS_OF_A_NUMBER, MOST, SAME_WEEKDAY
from alerting.mixin.expressions import last
from alerting.mixin.messages import (
    WEEKDAY,
    each_series,
    formatted,
    limit_of_dataset,
    number_of_each,
    query,
    volume,
    whole,
)


def usually_off(name: str) -> str:
    """How far a day usually is off: from what its weekday brings or, until that is known, from the mean of its week."""
    deviation, spread = volume(name, "deviation"), volume(name, "spread")
    return f"({deviation} > 0 or on (dataset) {spread} > -Inf or on (dataset) {deviation})"


def usual_limit(name: str, limit_name: str) -> str:
    """The limit, or what follows from how far a day usually is off if that is more."""
    usual = f"clamp_max({DEVIATIONS} * {usually_off(name)}, {MOST})"
    limited = limit_of_dataset(limit_name)
    return formatted(f"100 * ({usual} > on (dataset) {limited} or on (dataset) {limited})", "%.2f%%")


def lost_or(name: str, verb: str, unit: str, otherwise: str) -> str:
    """What is said of a volume that is lost, and otherwise."""
    reference = f"dataset:clickstream_{name}:reference"
    drop = f"100 * (1 - {volume(name, 'anchor')} / on (dataset) {volume(name, 'reference')})"
    is_lost = query(f"{volume(name, 'lost')} == 1")
    return (
        f"{{{{ with {is_lost} }}}}{name} {verb} {formatted(drop, '%.2f%%')} under the "
        f"{whole(reference)}{unit} of a usual day, the median of up to four weeks."
        f"{{{{ else }}}}{otherwise}{{{{ end }}}}"
    )


def brings(name: str) -> str:
    """Where an expectation comes from, as `a Sunday brings (7-day mean x 1.00)`."""
    factor = f"{volume(name, 'expected')} / on (dataset) {volume(name, lost.MEANS[name])}"
    return f"a {WEEKDAY} brings (7-day mean x {formatted(factor, '%.2f')})"


def why_low(name: str, limit_name: str, counted: str) -> str:
    """Why a volume below the mean of seven days is no drop; `counted` is what chance acts on."""
    weekday = f"{volume(name, 'drop_ratio')} <= on (dataset) {limit_of_dataset(limit_name)}"
    before = f"{volume(name, 'anchor')} >= on (dataset) {SAME_WEEKDAY} * {volume(name, 'same_weekday')}"
    reached = f"{usually_off(name)} * {DEVIATIONS} >= on (dataset) {volume(name, 'least_drop_ratio')}"
    deviation = f"100 * ({reached}) / {DEVIATIONS}"
    number = f"dataset:clickstream_{'priced_purchases' if counted == 'purchases' else counted}:expected"
    cases = (
        (weekday, f", as it happens on {WEEKDAY}s"),
        (before, f", like other {WEEKDAY}s"),
        (deviation, f", within the {formatted(deviation, '%.1f%%')} that a day usually is off"),
    )
    texts = "".join(f"{{{{ with {query(expr)} }}}}{text}{{{{ else }}}}" for expr, text in cases)
    return f"{texts}, within chance at {whole(number)} {counted} a day{'{{ end }}' * len(cases)}"


def chance_of_purchases() -> str:
    """By how much chance lowers the number of purchases with an amount."""
    expected = volume("priced_purchases", "expected")
    return formatted(f"100 * {ERRORS_OF_A_NUMBER} / sqrt({expected} > 0)", "%.1f%%", "any number")


def below(name: str) -> str:
    """How far a volume is below what is expected; 0.00% where it is above."""
    return formatted(f"100 * clamp_min({volume(name, 'drop_ratio')}, 0)", "%.2f%%")


def other_evidence() -> str:
    """What makes a drop of revenue critical, where neither the amounts nor the number of purchases do."""
    obvious = (
        f"{last('clickstream_plain_drops{dataset=%q}')} == 1",
        *(
            f"{volume(name, 'drop_ratio')} > on (dataset) {volume(name, 'least_drop_ratio')}"
            for name in ("revenue", "priced_purchases")
        ),
    )
    critical = f"{volume('revenue', 'critical')} == 1{''.join(f' unless on (dataset) {each}' for each in obvious)}"
    drop, noise = (volume("conversion", which) for which in ("drop_ratio", "noise"))
    by_conversion = f"100 * ({drop} > on (dataset) {limit_of_dataset('conversion_drop_ratio')} > on (dataset) {noise})"
    unpriced = last('clickstream_comparable_purchases_without_revenue{lag="0",dataset=%q}')
    without = formatted(f"max({unpriced})", "%.0f")
    return (
        f"{{{{ with {query(critical)} }}}}{{{{ with {query(by_conversion)} }}}} The conversion rate fell by "
        f'{{{{ . | first | value | printf "%.2f%%" }}}}; chance explains {formatted(f"100 * {noise}", "%.2f%%")}.'
        f"{{{{ else }}}} Of all purchases, {without} have no amount.{{{{ end }}}}{{{{ end }}}}"
    )


def since(of: str) -> str:
    """From which hour on events or purchases are fewer than usual, if that can be told."""
    seconds = f'max by (dataset) (clickstream_low_since_clock_seconds{{of="{of}",dataset=%q}})'
    clock_of = f"{formatted(f'floor({seconds} / 3600)', '%02.0f')}:00"
    return (
        f"{{{{ with {query(f'{seconds} > 0')} }}}} Since {clock_of} there are fewer {of} than usual."
        f"{{{{ else }}}}{{{{ with {query(f'{seconds} == 0')} }}}} All day there are fewer {of} than usual."
        "{{ end }}{{ end }}"
    )


_PART = "dataset_segment:clickstream_segment"


def contributors(of: str) -> str:
    """The segments that explain most of a drop, at most three."""
    of_dataset = f'{{of="{of}",dataset=%q}}'
    most = f"topk(3, {_PART}:contribution_ratio{of_dataset} > 0)"
    each = f'{{of="{of}",dataset=%q,dimension=%q,segment=%q}}'
    labels = ("dataset", "dimension", "segment")
    numbers = [number_of_each(f"{_PART}:{which}{each}", labels, "%.0f") for which in ("anchor", "expected")]
    share = number_of_each(f"100 * {_PART}:contribution_ratio{each}", labels, "%.0f%%")
    shown = (
        "{{ $each.Labels.dimension }} {{ $each.Labels.segment }} explains "
        f"{share} of the drop ({numbers[0]} of {numbers[1]} expected)"
    )
    none = f"{{{{ with {query(f'{_PART}:expected{of_dataset}')} }}}} All devices and channels fell alike.{{{{ end }}}}"
    return (
        f"{{{{ with {query(most)} }}}} {each_series(f'sort_desc({most})', shown, '; ')}."
        f"{{{{ else }}}}{none}{{{{ end }}}}"
    )


def with_it(effects: Sequence[str]) -> str:
    """The checks that fire behind a cause, which inhibits their alerts."""
    volumes = {"EventVolumeDrop": "events", "RevenueDrop": "revenue"}
    texts = "".join(
        f'{{{{ if eq $each.Labels.check "{check}" }}}}{name} {whole(f"dataset:clickstream_{name}:anchor")} vs '
        f"{whole(f'dataset:clickstream_{name}:expected')}{{{{ else }}}}"
        for check, name in volumes.items()
    )
    shown = f"{texts}{{{{ $each.Labels.check }}}}{'{{ end }}' * len(volumes)}"
    expr = f'dataset:clickstream_check:state{{check=~"{"|".join(effects)}",dataset=%q}} == 1'
    return f"{{{{ with {query(expr)} }}}} With it: {each_series(expr, shown, by='check')}.{{{{ end }}}}"
