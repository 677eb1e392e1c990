"""The status of a run as a document, and the document as text."""
