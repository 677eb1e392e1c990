"""A journal as tables: CSV, JSON lines and Parquet."""
