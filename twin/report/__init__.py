"""Reports: one HTML file that opens with no network, and the folder that a run leaves."""

from twin.report.results import write_report, write_results

__all__ = ["write_report", "write_results"]
