"""Personal data at rest: fields encrypted under a key of their row's own person, found by a keyed index, ended with that key."""
