"""Programs of any language that take part as models (impls/external/PROTOCOL.md): read, installed for, built, checked."""


class ContestantError(Exception):
    """It can't take part. The message is one line; it is empty where all is said already."""
