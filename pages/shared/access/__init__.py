"""Who may do what: roles, sign-in, and whether others can reach the app."""
