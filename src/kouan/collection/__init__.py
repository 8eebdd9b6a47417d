"""The way in: sources, intake, holding, lineage, revisions."""
