"""Images made by a formula, the same to the last bit on every machine: no file, no library's random numbers."""

import numpy as np


def plain_images(count, size=224):
    """uint8 [count, size, size, 3]: coloured waves over a gradient, in whole-number arithmetic."""
    y, x = np.mgrid[0:size, 0:size].astype(np.int64)
    images = []
    for k in range(1, count + 1):
        red = (x * k * 3 + y) // 2 % 256
        green = (np.abs((x * 5 * k) % 512 - 256) + y // 3) % 256
        blue = (x * x + y * y * k) // (64 * k) % 256
        images.append(np.stack([red, green, blue], axis=-1))
    return np.array(images, np.uint8)
