"""What gradients do on their way back."""
