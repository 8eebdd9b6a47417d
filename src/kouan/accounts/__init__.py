"""Who works here: organisations, users, roles, and what each may see and do."""
