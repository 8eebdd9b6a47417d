"""Rule packs of partners."""
