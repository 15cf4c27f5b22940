"""The program ``reprior``: its commands, and what becomes of errors.

Exit status: 0 done; 2 the user's mistake, one line on stderr; 1 a bug, with a traceback to report;
3 ``verify`` found a difference; 130 interrupted.
"""

from __future__ import annotations

import errno
import os
import sys
import warnings
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from ..errors import RepriorError
from ..naming import suggest
from ..version import __version__

__all__ = ["COMMANDS", "main"]

COMMANDS = (
    "analyze",
    "verify",
    "compare",
    "paper",
    "list",
    "unroll",
    "rank",
    "bench",
    "search",
    "advise",
    "figures",
    "train",
    "table2",
)
"""All commands in the order of the help. Command NAME is the function ``NAME_command`` of the module
``reprior.cli.NAME``; it is imported when it is called, and left out where there is no such module."""

_COMPLETE = "_REPRIOR_COMPLETE"
"""The variable by which a shell asks for completions (``reprior --install-completion``)."""

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""What a file system says that takes no more."""

# The bases of all that typer raises when arguments do not fit; it does not export them itself.
_USAGE_ERROR: type[Exception] = typer.BadParameter.__mro__[1]


class _Commands(TyperGroup):
    """Commands found by name."""

    def list_commands(self, ctx: Any) -> list[str]:
        return [name for name in COMMANDS if find_spec(f"{__package__}.{name}") is not None]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in self.list_commands(ctx):
            return None
        module = import_module(f"{__package__}.{cmd_name}")
        single = typer.Typer(add_completion=False, rich_markup_mode=None)
        single.command(cmd_name)(getattr(module, f"{cmd_name}_command"))
        return typer.main.get_command(single)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        known = self.list_commands(ctx)
        if args[0] not in known:
            ctx.fail(f"no command '{args[0]}': {suggest(args[0], known)}")
        return super().resolve_command(ctx, args)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program and return its exit status.

    Parameters
    ----------
    arguments : sequence of str, optional
        The command line after the program's name; by default that of this process.
    """
    _print_whatever_comes()
    command = typer.main.get_command(_app())
    if _COMPLETE in os.environ:  # a shell asks what could come next; this answers and ends the program
        command(prog_name="reprior")
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        # Not command.main(), which prints errors over several lines and exits by itself.
        with warnings.catch_warnings(), command.make_context("reprior", given) as context:
            warnings.simplefilter(
                "ignore"
            )  # what frameworks say of their own models is not about the figures
            command.invoke(context)
        if sys.stdout is not None:
            sys.stdout.flush()
    except typer.Exit as done:
        return int(done.exit_code)
    except _USAGE_ERROR as error:
        return _refuse(error.format_message())  # type: ignore[attr-defined]
    except RepriorError as error:
        return _refuse(str(error))
    except MemoryError:
        return _refuse("this does not fit into memory")
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        _drop_output()  # the reader has seen enough: `reprior list | head`
    except OSError as error:
        if error.errno not in _FULL:
            raise
        _drop_output()
        return _refuse(f"cannot write to standard output: {error.strerror}")
    return 0


def _app() -> typer.Typer:
    app = typer.Typer(cls=_Commands, rich_markup_mode=None)
    app.callback(invoke_without_command=True)(_reprior)
    return app


def _reprior(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    """Compare deep-learning models without training them, by counting contexts.

    \b
    reprior paper                                     the paper's tables, reproduced
    reprior analyze timm:resnet50                     one model
    reprior compare timm:resnet18 timm:resnet50       several, best first
    reprior COMMAND --help                            more about a command
    reprior --install-completion                      let the tab key complete commands and models

    Exit status: 0 done; 2 a mistake in what was asked; 1 a bug; 3 verify found a difference; 130 interrupted.
    """
    if version:
        typer.echo(f"reprior {__version__}")
        raise typer.Exit()
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def _drop_output() -> None:
    """Let nobody try again to write what is left, as Python does at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _refuse(message: str) -> int:
    """Say what is wrong in one printable line."""
    line = " ".join(message.split())
    typer.echo("reprior: error: " + "".join(c if c.isprintable() else "?" for c in line), err=True)
    return 2


def _print_whatever_comes() -> None:
    """Let names that the terminal's encoding lacks appear escaped rather than end the program."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
