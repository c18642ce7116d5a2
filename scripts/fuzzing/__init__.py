"""Fuzzers: cases that follow from a seed and a number, and what must hold for each of them."""
