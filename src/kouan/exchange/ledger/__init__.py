"""Messages between agencies: partners and keys, the ledger, sending, receiving, the folders of the two zones."""
