import sys

for name in ["yellow", "b10", "green", "b9", "Zeta", "_a"]:
    open(f"{sys.argv[2]}/{name}", "w").close()
