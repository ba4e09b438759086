"""Application: global options, the commands of all modules, and the handling of errors.

The commands themselves belong to the other modules of this package.
"""

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
    access,
    actions,
    alerts,
    audit_log,
    backups,
    campaigns,
    closing,
    dashboard,
    doctor,
    erasure,
    explaining,
    exports,
    health,
    intake,
    messages,
    orders,
    portal,
    predicting,
    published,
    quarantine,
    querying,
    routing,
    rules,
    run,
    schedules,
    simulation,
    sources,
    steps,
    suppressions,
    vault,
    versions,
)
from orderhouse.cli.session import Session, console, error_console
from orderhouse.errors import OrderhouseError
from orderhouse.storage.machine_errors import machine_problem

__all__ = ["app", "main"]

VALUE_OPTIONS = ("--home",)
FLAG_OPTIONS = ("--debug",)

# Polars returns memory to the system after half a second, and the next block of rows maps it again page by page. During
# an ingest of a million orders the system took 15 of 94 processor seconds. Ten seconds of decay save a quarter of that.
ALLOCATOR = ("_RJEM_MALLOC_CONF", f"dirty_decay_ms:10000,muzzy_decay_ms:10000,narenas:{os.cpu_count()}")

# Imports create many objects and few cycles. Garbage collection at its default rate took 0.3 s of a start of 2.5 s.
RARE_COLLECTION = (100_000, 50, 50)

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
        Path | None, typer.Option(help="Folder of all runtime state. Default: ORDERHOUSE_HOME, or ./data.")
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Set the options of every command. They may be given before or after the command."""
    context.obj = Session(home=home, debug=debug)


for module in (
    run,
    steps,
    predicting,
    published,
    orders,
    querying,
    versions,
    quarantine,
    exports,
    simulation,
    dashboard,
    sources,
    intake,
    portal,
    erasure,
    explaining,
    actions,
    routing,
    rules,
    campaigns,
    suppressions,
    closing,
    vault,
    access,
    audit_log,
    alerts,
    messages,
    schedules,
    backups,
    doctor,
    health,
):
    module.add_commands(app)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and end the process with its exit code."""
    os.umask(0o077)  # what this program writes holds orders of people, and is for its user alone
    os.environ.setdefault(*ALLOCATOR)  # read when polars is imported, which commands do when they run
    gc.set_threshold(*RARE_COLLECTION)
    exit_codes: list[int] = []
    atexit.register(_exit_at_once, exit_codes)  # registered first, so that it runs last
    given = sys.argv[1:] if arguments is None else arguments
    exit_codes.append(run_command(given))
    sys.exit(exit_codes[0])


def _exit_at_once(exit_codes: list[int]) -> None:
    """End the process without the interpreter's clean-up, which takes half a second.

    All threads have ended and all other exit handlers have run by now.
    """
    if exit_codes:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
        os._exit(exit_codes[0])


def run_command(arguments: list[str]) -> int:
    """Run one command, and turn an error that the user can correct into a message and an exit code.

    Returns:
        0 done, 1 the audit refused to publish, 2 wrong usage or configuration, 3 another process holds the run lock.
    """
    ordered = _global_options_first(arguments)
    try:
        _refuse_bytes(ordered)
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
        error_console.print("Stopped. Run the same command again to continue. Nothing is lost or counted twice.")
        return 130
    except BrokenPipeError:
        return 0
    except Exception as error:
        return _unexpected(error, show_traceback="--debug" in ordered)
    finally:
        console.file.flush()


def _refuse_bytes(arguments: list[str]) -> None:
    """Refuse arguments that are not UTF-8: no file and no table of the home could hold them."""
    for word in arguments:
        try:
            word.encode()
        except UnicodeEncodeError:
            shown = word.encode(errors="backslashreplace").decode()
            raise OrderhouseError(f"The argument {shown} is not UTF-8 text. Type it again.") from None


def _wrong_usage(error: TyperException) -> int:
    """Print typer's message about wrong usage, with the usage of the command if it is known."""
    context = getattr(error, "ctx", None)
    usage = f"{context.get_usage()}\nMore: {context.command_path} --help" if context else "More: orderhouse --help"
    error_console.print(error.format_message(), style="red", markup=False, highlight=False, soft_wrap=True)
    error_console.print(usage, markup=False, highlight=False, soft_wrap=True)
    return error.exit_code


def _unexpected(error: Exception, *, show_traceback: bool) -> int:
    """Print a message about an error that the library does not raise itself, and return the exit code."""
    problem = machine_problem(error)
    if problem is not None and not show_traceback:
        error_console.print(problem.message, style="red", markup=False, highlight=False, soft_wrap=True)
        return problem.exit_code
    if show_traceback:
        traceback.print_exc()  # rich's traceback took minutes and 1.8 GB on Dagster's deep stacks
    else:
        first = (str(error).splitlines() or [""])[0]
        error_console.print(
            f"Unexpected error: {type(error).__name__}: {first}\nRun the command again with `--debug` to see where.",
            style="red",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
    return 2


def _global_options_first(arguments: list[str]) -> list[str]:
    """Move the global options before the command, so that `orderhouse run --home DIR` works too."""
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
