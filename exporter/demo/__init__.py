"""The demo: 15 seeded days of a web shop, the last one with an incident: `python -m exporter.demo FOLDER`."""
