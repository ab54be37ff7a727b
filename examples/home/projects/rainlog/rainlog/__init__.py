"""Rain from a tipping-bucket gauge."""
