"""The forms in which a verdict can be printed."""
