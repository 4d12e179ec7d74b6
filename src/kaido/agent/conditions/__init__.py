"""Conditions over signals: the wire's trees, evaluated over whole batches of samples, and the schemes they trigger."""

from kaido.agent.conditions.collector import ConditionBasedCollector
from kaido.agent.conditions.functions import FUNCTIONS, Function, Kind
from kaido.agent.conditions.tree import MAX_DEPTH, MAX_NODES, Tree, read_tree
from kaido.agent.conditions.triggers import Triggers
from kaido.agent.conditions.watch import Intake, Moments, Watch, Witness

__all__ = [
    "FUNCTIONS",
    "MAX_DEPTH",
    "MAX_NODES",
    "ConditionBasedCollector",
    "Function",
    "Intake",
    "Kind",
    "Moments",
    "Tree",
    "Triggers",
    "Watch",
    "Witness",
    "read_tree",
]
