"""Words: names, numbers and times as people write them. No files but standard error, no imports of ours."""
