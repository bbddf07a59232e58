"""Write a demo data set: 30 seeded days of a web shop's events as Parquet, and their configuration."""

import argparse
from datetime import date
from pathlib import Path

from exporter import file_names
from exporter.demo.write import LAST_DAY, write_demo


def main() -> None:
    """Write the demo that the command line asks for, and print the configuration's path."""
    file_names.use_utf8()
    parser = argparse.ArgumentParser(prog="python -m exporter.demo", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("--last-day", type=date.fromisoformat, default=LAST_DAY, metavar="YYYY-MM-DD")
    arguments = parser.parse_args()
    try:
        print(write_demo(arguments.folder, arguments.last_day))
    except OSError as error:
        parser.exit(1, f"{parser.prog}: {error.filename or arguments.folder}: {error.strerror}\n")


if __name__ == "__main__":
    main()
