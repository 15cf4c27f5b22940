from tests.cli.runner import runner

__all__ = ["runner"]
