"""The page for people: what it says of a day, what it leaves out, and how large it is."""

from __future__ import annotations

import pytest

from alerting.formats.html import html as verdict_page
from alerting.gate.verdict import Verdict
from exporter.gauges.sample import Sample
from exporter.html.document import LARGEST, NO_CURVES, NO_SECTIONS, of_data_sets
from exporter.html.gauges import Gauges
from exporter.html.judgement import FAIL, Alert, Judgement
from exporter.html.numbers import numbers
from exporter.html.section import DataSet
from tests.support.pages import of_samples, samples, text_of


def test_a_day_is_compared_with_its_weekday() -> None:
    """Sundays have half the events, so a usual Sunday is as usual, and the mean is that of seven days."""
    sundays = dict.fromkeys(range(0, 35, 7), 500.0)
    shown = of_samples(samples(sundays))
    assert "Sunday, 9 March 2025 , the newest day in the data" in shown
    assert "Events 500 about as a usual Sunday: 500 7-day mean 929; limit 250" in shown
    assert "Conversion rate 5.00% about as the seven days before: 5.00% limit 3.50%" in shown
    assert "Direct share 33.3% about as usual: 33.3% 7-day mean 33.3%; limits 10.0% and 48.3%" in shown
    assert "below its limit" not in shown


def test_a_number_outside_its_limit_says_so() -> None:
    """In words, beside the number, whatever its colour; sessions and purchases have no limit of their own."""
    shown = of_samples(samples({0: 400.0}, dataset_info={(("currency", "EUR"), ("owner", "data-eng")): 1}))
    assert "Events 400 ! below its limit 60% below a usual Sunday: 1,000" in shown
    assert "Revenue 400 EUR ! below its limit 60% below a usual Sunday: 1,000 EUR" in shown
    assert "Sessions 120 60% below a usual Sunday: 300 7-day mean 300 3 Feb" in shown
    assert "Owner: data-eng" in shown


def test_an_incomplete_day_is_compared_by_its_hours() -> None:
    """With the same hours of the days before; its curve has no limit, which is one of these hours."""
    page = of_data_sets([DataSet("shop", Gauges(samples(hours=12)))]).decode()
    assert "its first 12 hours are compared with the same hours of the days before" in text_of(page)
    assert "Events 500 about as a usual Sunday: 500" in text_of(page)
    assert "3 Feb 0 to 1,000 9 Mar so far" in text_of(page)
    curves = page.partition("How to read this")[0]
    assert 'class="curve"' in curves
    assert 'class="limit"' not in curves
    assert 'class="usual"' not in curves


def test_without_enough_days_nothing_is_compared() -> None:
    """Two days make no baseline: no limit, and no usual weekday; one day has nothing to compare with."""
    found = [each for each in samples() if dict(each.labels).get("lag", "0") in ("0", "1", "2")]
    (events, *_) = numbers(Gauges(found))
    assert (events.mean, events.weekday, events.lower) == (None, None, None)
    found = [each for each in found if dict(each.labels).get("lag", "0") == "0"]
    assert "Events 1,000 nothing to compare it with yet" in of_samples(found)


def test_plain_drops_are_compared_with_the_mean() -> None:
    """With drop_rule: plain, the limit is below the mean of seven days, whatever the weekday."""
    sundays = dict.fromkeys(range(0, 35, 7), 500.0)
    (events, *_) = numbers(Gauges(samples(sundays, plain_drops={(): 1})))
    assert events.weekday == pytest.approx(500)
    assert events.lower == pytest.approx(events.mean / 2 if events.mean else 0)


def test_days_that_are_excluded_are_in_no_comparison() -> None:
    """They are named, with the reason, and change nothing of what is usual."""
    shown = of_samples(
        samples(
            {3: 90_000.0},
            excluded_day={(("lag", "3"),): 1},
            excluded_day_info={(("lag", "3"), ("reason", "Black Friday")): 1},
        )
    )
    assert "Events 1,000 about as a usual Sunday: 1,000" in shown
    assert "Days in no comparison 6 Mar: Black Friday" in shown


def test_what_was_set_aside_is_listed() -> None:
    """With the first file, and why."""
    shown = of_samples(
        samples(
            unreadable_files={(): 2},
            unreadable_file_info={(("file", "a.parquet"), ("reason", "not Parquet")): 1},
            waiting_files={(): 1},
            early_events={(): 1},
        )
    )
    assert "2 files of 35 could not be read: a.parquet: not Parquet" in shown
    assert "1 file of 35 still being written" in shown
    assert "1 event of a day that is not over: they count on no day yet" in shown


def test_what_is_off_is_listed_with_why() -> None:
    """By the configuration and the measures, until a verdict knows all of it."""
    found = samples(
        switched_off_info={(("check", "JsonErrors"), ("reason", "no payload since May")): 1},
        not_measured={(("gauge", "clickstream_bot_events"), ("reason", "no column user_agent")): 1},
        known_check_info={(("check", "RevenueDrop"), ("reason", "sale")): 1},
    )
    shown = of_samples(found)
    assert "switched off" not in of_samples(samples())
    for line in (
        "JsonErrors: switched off, no payload since May",
        "BotShareHigh: no column user_agent",
        "RevenueDrop: a remark only, sale",
    ):
        assert line in shown
    judged = Judgement(
        FAIL, [Alert("CRITICAL", "Revenue drop")], "40 of 41 checks judged", ["the reason of the verdict"]
    )
    shown = of_samples(found, judgement=judged)
    assert "FAIL judged, and something critical fires: do not trust these numbers; 40 of 41 checks judged" in shown
    assert "CRITICAL Revenue drop" in shown
    assert "Checks that are off the reason of the verdict" in shown
    assert "no payload since May" not in shown


def test_without_a_verdict_nothing_is_said_to_be_in_order() -> None:
    """Only that it is not judged here."""
    shown = of_samples(samples(), unjudged="Ask Alertmanager.")
    assert "Not judged here Ask Alertmanager." in shown
    assert "PASS" not in shown


def many(number: int) -> bytes:
    """The page of so many data sets."""
    gauges = Gauges(samples())
    return of_data_sets([DataSet(f"shop-{at}", gauges, unjudged="Not here.") for at in range(number)])


def test_a_page_stays_small() -> None:
    """The curves are left out where they do not fit, then all but the list, and each time it says so."""
    one, few, some, crowd = (many(number) for number in (1, 20, 50, 400))
    assert len(one) < 15_000
    assert max(map(len, (few, some, crowd))) <= LARGEST
    assert few.count(b'class="curve"') == 6 * 20 + 1
    assert (NO_CURVES in text_of(some), b'class="curve"' in some.partition(b"How to read")[0]) == (True, False)
    assert "shop-49 9 Mar" in text_of(some)
    assert NO_SECTIONS in text_of(crowd)
    assert "shop-399 9 Mar" in text_of(crowd)


def test_v14_the_same_samples_are_the_same_bytes() -> None:
    """Whatever their order."""
    found = samples()
    pages = [of_data_sets([DataSet("shop", Gauges(each))]) for each in (found, found[::-1])]
    assert pages[0] == pages[1]


def test_a_page_without_numbers_says_why() -> None:
    """A verdict of which no exporter serves the snapshot, and a data set without a day."""
    shown = text_of(verdict_page(Verdict("2025-03-09", (), True, "shop", 7, checks=30), ()))
    assert "the verdict is about 2025-03-09; the numbers of the day are not here" in shown
    assert "PASS judged, and nothing critical fires; 30 of 30 checks judged" in shown
    assert "How to read this" not in shown
    assert "No day with events." in of_samples([Sample("clickstream_files", (), 0)])
