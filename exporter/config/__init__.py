"""What a user may write: the configuration as a strict model, and the files of keys and certificates.

Here a key gets its type, default and limits, and every mistake its file, line and key. Nothing here opens the data.
`plan` and the commands of `alerting` load it; everything else receives the frozen models.
"""
