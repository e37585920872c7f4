"""The backends of a spec behind one face: equation, reference, kernel, and modules of one's own."""
