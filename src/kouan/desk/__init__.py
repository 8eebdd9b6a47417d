"""What every running matter shares: documents, background jobs, and the matters themselves with their tasks and clocks."""
