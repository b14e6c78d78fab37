"""The rules, one small class for each code, in a module for each subject.

They import `okrsync.domain` and their neighbours in `okrsync.practice.lint`. `registry` lists them all.
"""
