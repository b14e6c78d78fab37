"""Measurements that are not tests: requests against the least possible, and times side by side in one run."""
