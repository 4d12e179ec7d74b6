"""The language of fleet questions: ``Vehicle.Speed > 100 and market in ("JP", "US")``."""

from kaido.twin.where.evaluate import Fleet, Number, evaluate
from kaido.twin.where.parse import parse
from kaido.twin.where.syntax import ATTRIBUTES, Expression, WhereError, references

__all__ = ["ATTRIBUTES", "Expression", "Fleet", "Number", "WhereError", "evaluate", "parse", "references"]
