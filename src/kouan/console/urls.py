"""The console's addresses: each page file brings its own."""

from __future__ import annotations

from importlib import import_module

from django.urls import URLPattern, URLResolver

# In the order of the menu. A page file is added here and nowhere else.
PAGES = (
    "doors", "account", "second_factor", "panorama", "live", "live_hong_kong", "live_hours",
    "ports", "port_change", "port", "documents", "intake", "upload", "batch", "holdings", "checks", "returns", "returns_board",
    "emergencies", "emergency_plans", "imagery",
    "figure", "sources", "event_sources", "held_events",
    "flows", "processes", "process_periods", "lanes", "norms", "warnings", "studies", "notices", "counterpart",
    "benchmark", "benchmark_port", "grading_lists", "grades",
    "matters", "matter", "matter_paper",
    "matter_statistics", "oversight", "execution", "execution_project", "execution_plan", "instructions", "circulars", "bottlenecks", "conferences",
        "calendar", "procedures",
    "evaluation", "evaluation_schemes", "evaluation_round", "evaluation_workbench", "evaluation_filing", "evaluation_experts",
    "evaluation_rulings", "evaluation_results", "evaluation_objections", "evaluation_method",
    "evaluation_port", "evaluation_compare", "evaluation_what_if",
    "evaluation_tasks", "evaluation_publication", "evaluation_public", "evaluation_reports",
    "law", "law_changes", "law_try", "law_try_case", "access_facts", "plan",
    "codes", "data_sets", "lineage", "dictionary", "data", "releases",
    "exchange", "trail", "unusual", "users", "jobs",
)

urlpatterns: list[URLPattern | URLResolver] = [
    pattern for name in PAGES for pattern in import_module(f"kouan.console.views.{name}").urlpatterns
]
