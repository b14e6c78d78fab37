"""Shared by every test: nothing here talks to anything but loopback."""
