"""Names that find nothing, ids that are none, amounts in other units, and what is lost of a day."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

from .delivery import SETTINGS, Delivery, on, without
from .kinds import kind
from .shop import AGENTS, CART, CHECKOUT, PURCHASE, SEARCH, Event

NEVER = {"NeverFound": "CRITICAL"}
NO_CLIENT = {"NullClientIds": "WARN"}
ONE_CLIENT = {"SessionsDrop": "WARN"}
NO_ORDER = {"PurchasesWithoutTransactionId": "WARN"}
SEGMENT = {"SegmentDrop": "WARN"}
AMOUNTS = {"AmountShift": "WARN"}
SHORT = (8,)
PLACEHOLDERS = (
    *("undefined", "null", "None", "(not set)", "(none)", "NaN", "0", "", " ", " undefined "),
    "00000000-0000-0000-0000-000000000000",
)
"""What trackers write where they have no value."""


@kind("J3", NEVER, histories=SHORT)
def purchase_never_found(delivery: Delivery, rng: Random) -> Delivery:
    """The configured purchase is the name that another tracker has."""
    return replace(delivery, settings={"purchase": rng.choice(("order_done", "Purchase", "checkout_completed"))})


@kind("J3", NEVER, histories=SHORT)
def taxonomy_never_found(delivery: Delivery, _rng: Random) -> Delivery:
    """All names of the taxonomy are those of another tracker."""
    return replace(delivery, settings={"taxonomy": ["PageView", "Search", "AddToCart", "Order"]})


@kind("J3", NEVER, histories=SHORT)
def revenue_never_found(delivery: Delivery, rng: Random) -> Delivery:
    """No payload has a field at the path of the revenue."""
    return replace(delivery, settings=_path("revenue", rng.choice(("$.value", "$.Revenue", "$.ecommerce.revenue"))))


@kind("J3", NO_ORDER, histories=SHORT)
def transaction_id_never_found(delivery: Delivery, rng: Random) -> Delivery:
    """No payload has a field at the path of the transaction id."""
    return replace(delivery, settings=_path("transaction_id", rng.choice(("$.order_id", "$.transactionId"))))


@kind("J4", NO_CLIENT)
def all_client_ids_placeholders(delivery: Delivery, rng: Random) -> Delivery:
    """Every client id of the last day is one word."""
    return _nobody(delivery, rng, 1, 1.0)


@kind("J4", NO_CLIENT)
def half_the_client_ids_placeholders(delivery: Delivery, rng: Random) -> Delivery:
    """Half of the client ids of the last day are one word."""
    return _nobody(delivery, rng, 1, 0.5)


@kind("J5", NO_CLIENT, histories=(29,))
def client_ids_placeholders_for_days(delivery: Delivery, rng: Random) -> Delivery:
    """A seventh of the client ids are placeholders, for the third to the fourteenth day."""
    return _nobody(delivery, rng, rng.randint(3, 14), 0.15)


@kind("J4", ONE_CLIENT)
def one_client_id(delivery: Delivery, rng: Random) -> Delivery:
    """Every client id of the last day, or two thirds of them, is the same, and looks like any other."""
    return _shared_id(delivery, rng, 1)


@kind("J5", ONE_CLIENT, histories=(29,))
def one_client_id_for_days(delivery: Delivery, rng: Random) -> Delivery:
    """Most client ids are the same, for the second to the thirteenth day."""
    return _shared_id(delivery, rng, rng.randint(2, 13))


@kind("J4", NO_ORDER)
def transaction_ids_placeholders(delivery: Delivery, rng: Random) -> Delivery:
    """The order ids of the last day, or two thirds of them, are one word."""
    word, share = rng.choice(PLACEHOLDERS), rng.choice((0.66, 1.0))

    def change(event: Event) -> Event:
        return event._replace(order=word) if event.order and rng.random() < share else event

    return _each(delivery, 1, change)


@kind("J4", AMOUNTS)
def amounts_times_100(delivery: Delivery, _rng: Random) -> Delivery:
    """Cents instead of units since today."""
    return _scaled(delivery, 1, 100)


@kind("J4", AMOUNTS, ("RevenueDrop",))
def amounts_divided_by_100(delivery: Delivery, _rng: Random) -> Delivery:
    """Hundreds instead of units since today."""
    return _scaled(delivery, 1, 0.01)


@kind("J5", AMOUNTS, histories=(29,))
def amounts_times_100_for_days(delivery: Delivery, rng: Random) -> Delivery:
    """Cents instead of units, for the second to the fourteenth day."""
    return _scaled(delivery, rng.randint(2, 14), 100)


@kind("J4", {"RevenueDrop": "CRITICAL", "ConversionRateDrop": "WARN"})
def purchases_lost(delivery: Delivery, rng: Random) -> Delivery:
    """Half of the purchases or more do not arrive."""
    lost = rng.uniform(0.6, 0.8)
    return without(delivery, lambda event: event.name == PURCHASE and rng.random() < lost)


@kind("J4", {"NoPurchases": "CRITICAL", "RevenueDrop": "CRITICAL"})
def all_purchases_lost(delivery: Delivery, _rng: Random) -> Delivery:
    """No purchase arrives."""
    return without(delivery, lambda event: event.name == PURCHASE)


@kind("J5", {"NoPurchases": "CRITICAL"}, histories=(29,))
def no_purchases_for_days(delivery: Delivery, rng: Random) -> Delivery:
    """No purchase arrives on most days of the last week, or for longer."""
    return without(delivery, lambda event: event.name == PURCHASE, rng.randint(6, 12))


@kind("J4", SEGMENT, ("RevenueDrop",))
def android_lost(delivery: Delivery, _rng: Random) -> Delivery:
    """No event of Android arrives."""
    return without(delivery, _of_android)


@kind("J5", SEGMENT, ("RevenueDrop",), histories=(29,))
def android_lost_for_days(delivery: Delivery, rng: Random) -> Delivery:
    """No event of Android arrives, for the second to the fourteenth day."""
    return without(delivery, _of_android, rng.randint(2, 14))


@kind("J4", SEGMENT)
def one_name_reduced(delivery: Delivery, rng: Random) -> Delivery:
    """Of one event name, a tenth arrives."""
    name = rng.choice((SEARCH, CART, CHECKOUT))
    return without(delivery, lambda event: event.name == name and rng.random() < 0.9)


def _of_android(event: Event) -> bool:
    return event.agent == AGENTS["android"][1]


def _path(column: str, path: str) -> dict[str, Any]:
    return {"columns": {**SETTINGS["columns"], column: path}}


def _nobody(delivery: Delivery, rng: Random, days: int, share: float) -> Delivery:
    word = rng.choice(PLACEHOLDERS)
    return _each(delivery, days, lambda event: event._replace(client=word) if rng.random() < share else event)


def _shared_id(delivery: Delivery, rng: Random, days: int) -> Delivery:
    """Visitors share the id of one of them."""
    share, clients = rng.choice((0.66, 1.0)), {}

    def change(event: Event) -> Event:
        shared = clients.setdefault(event.client, rng.random() < share)
        return event._replace(client="1730419200.58171") if event.client and shared else event

    return _each(delivery, days, change)


def _scaled(delivery: Delivery, days: int, factor: float) -> Delivery:
    def change(event: Event) -> Event:
        return event._replace(amount=event.amount and round(event.amount * factor, 2))

    return _each(delivery, days, change)


def _each(delivery: Delivery, days: int, change: Callable[[Event], Event]) -> Delivery:
    return on(delivery, days, lambda events: [change(event) for event in events])
