"""Every check, in the order of the rule file."""

from __future__ import annotations

from alerting.mixin import business, integrity, pipeline, reasons
from alerting.mixin.check import Check

CHECKS: tuple[Check, ...] = (*pipeline.CHECKS, *integrity.CHECKS, *business.CHECKS, *reasons.CHECKS)
