import os
import sys
from pathlib import Path

for folder in sys.argv[1:]:
    print(*os.listdir(folder))
    print(*[entry.name for entry in os.scandir(folder)])
    print(*[path.name for path in Path(folder).iterdir()])
    print(*[names for _, _, names in os.walk(folder)][0])
