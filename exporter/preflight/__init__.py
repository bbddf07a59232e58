"""The first look of `--check-config`: a configuration against the newest files.

`first_look` opens the files and reads a sample of their events, `compare` reports what does not match, and `columns`
says what each column became, which `table` prints. No value of a column is ever shown, except for event names.
"""
