"""Charts and HTML that pages share."""
