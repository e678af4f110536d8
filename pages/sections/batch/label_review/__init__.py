"""Labels that are probably wrong: looked at, decided on, and what that changes."""
