"""Charge planning: the cheapest or cleanest way to a state of charge by the departure, exactly."""

from __future__ import annotations

from kaido.services.planning.model import Car, Objective, Site, Wish
from kaido.services.planning.plan import Plan, Step, plan, plan_many

__all__ = ["Car", "Objective", "Plan", "Site", "Step", "Wish", "plan", "plan_many"]
