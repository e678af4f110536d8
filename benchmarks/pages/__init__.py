"""Documents that are made from measurements."""
