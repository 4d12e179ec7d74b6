"""The vehicle protocol: messages, topics, Snappy, sync ids. No I/O."""
