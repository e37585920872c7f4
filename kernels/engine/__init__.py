"""One engine under every recurrence: its products, its time loop in both directions, what goes before and after."""
