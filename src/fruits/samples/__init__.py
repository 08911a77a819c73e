"""Images to try the product on: a small data set drawn here, and the real Fruits-360 fetched from its home."""
