"""Asking a car's ECUs: OBD-II and UDS over ISO-TP. Needs the extra ``diagnostics``."""

from kaido.errors import UnavailableError

try:
    import isotp as _isotp  # noqa: F401  # every module here needs both
    import udsoncan as _udsoncan  # noqa: F401
except ImportError as missing:
    raise UnavailableError(
        "ECUs cannot be asked here",
        why=f"the package {missing.name} is not installed",
        fix="pip install 'kaido[diagnostics]'",
    ) from missing
