"""What text logs tell: progress, errors, performance; of ours and of any program written against the spec.

Files of any length are read once, line by line, in bounded memory; rotated ones (`.1`, `.2`, …) are found beside and
read oldest first. The text logs have whole seconds of the writer's local time and rounded numbers; the journal has all.
"""

from trainmon.analysis.errors import analyze_errors
from trainmon.analysis.performance import analyze_performance
from trainmon.analysis.progress import analyze_training_progress
from trainmon.analysis.results import ErrorAnalysis, PerformanceAnalysis, TrainingAnalysis

__all__ = [
    "ErrorAnalysis",
    "PerformanceAnalysis",
    "TrainingAnalysis",
    "analyze_errors",
    "analyze_performance",
    "analyze_training_progress",
]
