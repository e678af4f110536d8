"""Parts about the rows of train.csv: an ensemble on them, and the audit of their labels."""
