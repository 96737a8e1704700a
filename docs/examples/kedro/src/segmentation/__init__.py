"""Customer segments by rfmpi, as a Kedro pipeline."""
