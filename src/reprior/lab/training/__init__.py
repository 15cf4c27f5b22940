"""Training with and without sharing, to see whether the predictions hold (paper, sections 5.3 to 5.6)."""

from .engine import Progress, train
from .errors import CheckpointError, DataError, RecipeError, RunError
from .files import load_recipe, recipe_names
from .images import Images, load_images
from .network import Network, build_network
from .plan import Plan, Prediction, plan
from .recipe import Recipe
from .run_folder import Result, read_result
from .table2 import Table2Row, table2

__all__ = [
    "CheckpointError",
    "DataError",
    "Images",
    "Network",
    "Plan",
    "Prediction",
    "Progress",
    "Recipe",
    "RecipeError",
    "Result",
    "Table2Row",
    "RunError",
    "build_network",
    "load_images",
    "load_recipe",
    "plan",
    "read_result",
    "recipe_names",
    "table2",
    "train",
]
