"""The page for people: what is served of each data set, against what its weekday brings, as one self-contained file.

It is drawn from samples alone, so that the exporter and the commands draw the same. `document` makes a page of a data
set's `section`; no other module puts HTML together without `markup`, which escapes.
"""
