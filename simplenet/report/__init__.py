"""What is to be seen of trained nets: confusions, curves and weights, as text and as a page."""
