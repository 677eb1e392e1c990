"""The tests of trainmon."""
