"""`fanbench record`: asks a service politely, and makes of its latencies a file and a suite that reads it."""
