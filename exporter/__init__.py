"""Measures daily clickstream data in Parquet and serves the numbers as Prometheus gauges."""
