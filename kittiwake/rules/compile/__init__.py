"""Compilation: from the models that an author's file became to the kernel's programs."""
