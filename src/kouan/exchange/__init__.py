"""What is exchanged with other systems in formats of the field."""
