"""Trade: what traders file and agencies decide. Pure so far: rule packs of partners (``packs``)."""
