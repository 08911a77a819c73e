"""Vision: pictures in, pixels and embeddings out. Knows nothing of Spark, storage or the command line."""
