"""The peak memory of a process, as the process itself tells it.

Linux notes it as VmHWM; getrusage's would count what the process that started it had in use too.
"""

PRINT_PEAK = """
from pathlib import Path
facts = Path("/proc/self/status")
if facts.exists():
    peak = next(line for line in facts.read_text().splitlines() if line.startswith("VmHWM"))
    print(int(peak.split()[1]) * 1024)
else:
    import resource
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""  # the end of a program that `python -c` runs
