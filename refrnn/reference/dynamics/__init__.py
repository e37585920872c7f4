"""What a recursion does over time: it grows, shrinks or saturates, and so does its gradient."""
