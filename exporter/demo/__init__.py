"""The demo: 30 seeded days of a web shop, the last one with an incident: `python -m exporter.demo FOLDER`."""
