"""One machine's platform: the processes of ``kaido up``, watched over."""
