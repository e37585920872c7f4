"""What recursions do over time, and gradients through depth."""
