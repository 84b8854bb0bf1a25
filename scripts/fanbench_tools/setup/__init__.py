"""From a fresh clone to a verb that can run. Only the standard library is there until the packages are."""


class SetupError(Exception):
    """What is needed can't be had. The message is one line; it is empty where all is said already."""
