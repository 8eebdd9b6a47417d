"""What the observations say: flows by port, measure and period."""
