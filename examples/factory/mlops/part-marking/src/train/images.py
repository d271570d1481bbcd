"""From an image of a stamped digit to what the model looks at."""

import numpy as np

PIXELS = [f"pixel_{row}_{column}" for row in range(8) for column in range(8)]
TARGET = "digit"


def build_features(rows: list[dict[str, str]]) -> np.ndarray:
    """One row of 64 pixels per image, normalised."""
    return normalise(np.array([[float(row[name]) for name in PIXELS] for row in rows]))


def normalise(images: np.ndarray) -> np.ndarray:
    """The deepest pixel of each image is 1, so that a weak stamp reads like a strong one; a blank image stays blank."""
    return images / np.maximum(images.max(axis=1, keepdims=True), 1.0)
