"""What goes wrong on the last day of the demo: a consent banner, a checkout that loses purchases, cut payloads."""

from dataclasses import replace
from random import Random

from exporter.demo.shop import Event

CONSENT_HOUR, CONSENT_REFUSED = 8, 0.42
CHECKOUT_HOUR, CHECKOUT_LOST = 9, 0.97
CUT_EVERY = 36


def hide_clients(events: list[Event], random: Random) -> list[Event]:
    """Return the events after a consent banner's release: NULL client ids for those who refuse."""
    clients = dict.fromkeys(event.client_id for event in events)
    refusing = {client for client in clients if random.random() < CONSENT_REFUSED}

    def hidden(event: Event) -> bool:
        return event.timestamp.hour >= CONSENT_HOUR and event.client_id in refusing

    return [replace(event, client_id=None) if hidden(event) else event for event in events]


def lose_purchases(events: list[Event], random: Random) -> list[Event]:
    """Return the events after a checkout release that loses most purchases of one payment provider."""

    def lost(event: Event) -> bool:
        late_purchase = event.event_name == "checkout_completed" and event.timestamp.hour >= CHECKOUT_HOUR
        return late_purchase and "cardflow" in str(event.event_data) and random.random() < CHECKOUT_LOST

    return [event for event in events if not lost(event)]


def cut_payloads(events: list[Event]) -> list[Event]:
    """Return the events with every 36th payload cut before its end; purchases stay whole."""
    filled = [event for event in events if event.event_data and event.event_name != "checkout_completed"]
    cut = {id(event) for event in filled[CUT_EVERY // 2 :: CUT_EVERY]}

    def shown(event: Event) -> Event:
        return replace(event, event_data=str(event.event_data)[:-9]) if id(event) in cut else event

    return [shown(event) for event in events]
