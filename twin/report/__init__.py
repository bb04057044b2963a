"""Reports: one HTML file that opens with no network, and the folder that a run leaves."""
