"""Writes a wheel, so that installing needs no network."""
import zipfile

INFO = "tinything-1.0.dist-info/"

with zipfile.ZipFile("tinything-1.0-py3-none-any.whl", "w") as wheel:
    wheel.writestr("tinything.py", "WORD = 'installed'\n")
    wheel.writestr(INFO + "METADATA", "Metadata-Version: 2.1\nName: tinything\nVersion: 1.0\n")
    wheel.writestr(INFO + "WHEEL", "Wheel-Version: 1.0\nGenerator: by hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
    wheel.writestr(INFO + "RECORD", "tinything.py,,\n")
