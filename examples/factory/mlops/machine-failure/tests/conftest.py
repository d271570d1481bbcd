import sys
from pathlib import Path

MODEL_TYPE = Path(__file__).parents[1]
sys.path[:0] = [str(MODEL_TYPE / folder) for folder in ("src/prepare", "src/train", "serve")]
