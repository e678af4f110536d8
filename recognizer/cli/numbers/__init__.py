"""Pictures of several digits: `read --several`, `read --form`, and `sheet`."""
