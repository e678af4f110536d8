"""Predict many files with many processes or machines; needs Dask, an optional extra."""
