"""One file per reported error: each test fails on the version that had it."""
