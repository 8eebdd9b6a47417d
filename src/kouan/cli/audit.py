"""``kouan audit``: seal the trail, verify it, export its head."""

from __future__ import annotations

from kouan.audit.commands import audit_app as app

__all__ = ["app"]
