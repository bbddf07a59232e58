"""What other systems need: receivers of alerts, and pipelines that the verdict gates.

Nothing here imports the project: pipelines run its commands, so each module can be copied to where they run.
"""
