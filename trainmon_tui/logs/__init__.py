"""The text logs as they are looked at: pages of files of any size, filters, searches."""
