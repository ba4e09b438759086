"""The application: global options, the commands of each module, and what becomes of an error."""

from __future__ import annotations

import atexit
import contextlib
import gc
import os
import sys
import traceback
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import TyperException

from orderhouse.cli import (
    dashboard,
    erasure,
    exports,
    intake,
    published,
    quarantine,
    run,
    simulation,
    sources,
    steps,
    versions,
)
from orderhouse.cli.session import Session, console, error_console
from orderhouse.errors import OrderhouseError
from orderhouse.storage.machine_errors import machine_problem

__all__ = ["app", "main"]

VALUE_OPTIONS = ("--home",)
FLAG_OPTIONS = ("--debug",)

# polars gives memory back after half a second, and the next block of rows has it brought in anew, page by page: of a
# million orders' ingest 15 of 94 processor seconds were the system's. Kept for ten seconds a quarter of it is spared.
ALLOCATOR = ("_RJEM_MALLOC_CONF", f"dirty_decay_ms:10000,muzzy_decay_ms:10000,narenas:{os.cpu_count()}")

# Importing makes many objects and hardly a cycle: looking for some as often as usual took 0.3 s of a start of 2.5.
SELDOM = (100_000, 50, 50)

app = typer.Typer(
    name="orderhouse",
    help="An order-management warehouse that can prove its numbers.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def options(
    context: typer.Context,
    home: Annotated[
        Path | None, typer.Option(help="Folder of all runtime state; else ORDERHOUSE_HOME, else ./data.")
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Options of every command; they may also stand after it."""
    context.obj = Session(home=home, debug=debug)


for module in (run, steps, published, versions, quarantine, exports, simulation, dashboard, sources, intake, erasure):
    module.add_commands(app)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and end the process with its exit code."""
    os.environ.setdefault(*ALLOCATOR)  # read when polars is imported, which commands do when they run
    gc.set_threshold(*SELDOM)
    ended: list[int] = []
    atexit.register(_leave, ended)  # before anything else, so that it comes after everything else
    given = sys.argv[1:] if arguments is None else arguments
    ended.append(run_command(given))
    sys.exit(ended[0])


def _leave(ended: list[int]) -> None:
    """Leave without taking apart what is in memory: the interpreter needs half a second for it, the system hardly any.

    Threads have been waited for by now, and whatever was to be done at the end has been done.
    """
    if ended:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
        os._exit(ended[0])


def run_command(arguments: list[str]) -> int:
    """Run one command; what a user can put right becomes a sentence and an exit code.

    Returns:
        0 done, 1 the audit refused to publish, 2 wrong usage or configuration, 3 another run holds the warehouse.
    """
    ordered = _global_options_first(arguments)
    try:
        outcome = app(args=ordered, prog_name="orderhouse", standalone_mode=False)
        return outcome if isinstance(outcome, int) else 0
    except OrderhouseError as error:
        if "--debug" in ordered:
            traceback.print_exc()
        error_console.print(error.message, style="red", markup=False, highlight=False, soft_wrap=True)
        return error.exit_code
    except typer.Exit as exit_:
        return exit_.exit_code
    except TyperException as error:
        return _wrong_usage(error)
    except (typer.Abort, KeyboardInterrupt):
        error_console.print("Stopped. Run the same command again to go on: nothing is lost, nothing is counted twice.")
        return 130
    except BrokenPipeError:
        return 0
    except Exception as error:
        return _unexpected(error, show_traceback="--debug" in ordered)
    finally:
        console.file.flush()


def _wrong_usage(error: TyperException) -> int:
    """What typer has to say about the words of a command, with the command's usage where it knows that."""
    context = getattr(error, "ctx", None)
    usage = f"{context.get_usage()}\nMore: {context.command_path} --help" if context else "More: orderhouse --help"
    error_console.print(error.format_message(), style="red", markup=False, highlight=False, soft_wrap=True)
    error_console.print(usage, markup=False, highlight=False, soft_wrap=True)
    return error.exit_code


def _unexpected(error: Exception, *, show_traceback: bool) -> int:
    problem = machine_problem(error)
    if problem is not None and not show_traceback:
        error_console.print(problem.message, style="red", markup=False, highlight=False, soft_wrap=True)
        return problem.exit_code
    if show_traceback:
        traceback.print_exc()  # not rich's: on Dagster's deep stacks it took minutes and 1.8 GB
    else:
        first = (str(error).splitlines() or [""])[0]
        error_console.print(
            f"Something unforeseen went wrong: {type(error).__name__}: {first}\n"
            "Run it again with --debug to see where.",
            style="red",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
    return 2


def _global_options_first(arguments: list[str]) -> list[str]:
    """Move the global options before the command, so that `orderhouse run --home DIR` means what it says."""
    front: list[str] = []
    rest: list[str] = []
    waiting = list(arguments)
    while waiting:
        word = waiting.pop(0)
        if word == "--":
            rest += [word, *waiting]
            break
        if word in FLAG_OPTIONS or word.startswith(tuple(f"{name}=" for name in VALUE_OPTIONS)):
            front.append(word)
        elif word in VALUE_OPTIONS:
            front += [word, *waiting[:1]]
            waiting = waiting[1:]
        else:
            rest.append(word)
    return front + rest
