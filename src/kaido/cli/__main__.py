"""``python -m kaido.cli``: the command line without its script on PATH."""

from kaido.cli.start import main

main()
