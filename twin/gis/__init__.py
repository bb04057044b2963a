"""Cities in and out: files, OpenStreetMap, folders, and the synthetic town."""
