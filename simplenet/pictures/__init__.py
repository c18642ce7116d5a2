"""Pictures of digits: prepared as a net expects them, decoded from files, drawn in a terminal."""
