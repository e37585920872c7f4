"""What goes on in gated units and in a reservoir."""
