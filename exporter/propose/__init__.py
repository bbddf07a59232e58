"""A configuration, proposed from the data: what each column seems to be, and the evidence for it.

    data       which files are looked at, and which names they have
    exports    the exports of known trackers, by their columns
    words      what columns are usually called
    columns    which name is which canonical column
    purchases  which events are purchases, with their amount and their order
    taxonomy   which event names are expected
    clock      the time zone and the cadence
    remarks    what else the data show, for comments
    off        which checks are off, by what was not found
    proposal   all of it together
    patterns   what the key `files` becomes
    written    the proposal as commented YAML

Nothing here writes SQL: the engine's survey counts. `init` is the command.
"""
