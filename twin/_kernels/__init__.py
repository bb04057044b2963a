"""Compiled from ``ext/``; arrays in, arrays out, nothing checked. Use `twin.routing`."""
