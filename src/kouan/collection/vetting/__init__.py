"""Vetting: the check engine over what is recorded: suspicions, rulings on them, explained exceptions."""
