"""Watches the tasks of an event loop while they run, and knows nothing of pictures. Standard library only.

Nobody but `block` and the live view imports from here.
"""
