"""What anyone may bring, made valid and then damaged: each module has targets of its own.

A target's check passes when the app does what is right or raises an error of ours in a sentence.
"""
