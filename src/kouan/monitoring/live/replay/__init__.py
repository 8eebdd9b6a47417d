"""Past and invented days that a wall can run at 1× to 600×: always labelled, never mixed with today's."""
