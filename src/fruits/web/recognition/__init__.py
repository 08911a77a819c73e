"""Photos in, answers out: recognition, corrections, history, and the catalogue over HTTP."""
