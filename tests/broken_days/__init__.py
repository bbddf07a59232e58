"""Healthy synthetic days, the ways in which they break, and what must be reported of each."""

from . import copies, healthy, hours, loads, values
from .kinds import KINDS, Kind

__all__ = ["KINDS", "Kind", "copies", "healthy", "hours", "loads", "values"]
