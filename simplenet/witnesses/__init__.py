"""Other ways to the gradient, which share no code with `backward` and check it."""
