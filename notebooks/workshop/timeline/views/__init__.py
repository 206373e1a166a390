"""Shows records: as a table, as pictures still and live, always with words for those who see no picture.

A view runs no task. From outside, import what you need from its module.
"""
