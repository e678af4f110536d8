"""What touches the machine: the home folder, atomic files, locks, SQLite, processes, limits."""
