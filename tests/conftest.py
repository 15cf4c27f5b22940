import os

from hypothesis import settings

# No deadline: the machine is shared. In CI the examples are the same each time, so that a failure
# there is about the commit and not about luck; elsewhere they are new each time.
settings.register_profile("reprior", deadline=None, max_examples=60, derandomize="CI" in os.environ)
settings.load_profile("reprior")
