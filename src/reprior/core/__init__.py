"""What counts: structural primitives, graphs of them, their canonical form, and the figures that follow.

NumPy only; no input or output, and no framework.
"""
