"""Data sets: the IDX format, downloads, the sets with a name, and finding and loading them."""
