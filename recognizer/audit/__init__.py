"""Labels of a table to check: which are probably wrong, and what a person decided about them."""

from recognizer.audit.decisions import DROP, Decisions
from recognizer.audit.embedding import principal_components
from recognizer.audit.table_audit import LabelAudit, audit

__all__ = ["DROP", "Decisions", "LabelAudit", "audit", "principal_components"]
