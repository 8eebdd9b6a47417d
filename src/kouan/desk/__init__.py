"""What every running matter shares: documents and background jobs."""
