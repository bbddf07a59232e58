"""What a user may write: the configuration as a strict model, and the files with keys and certificates.

Every key has its type, default and bounds here. Every mistake is reported with file, line and key. Nothing here opens
the data.
`plan` and the commands of `alerting` load it; everything else receives the frozen models.
"""
