"""The commands."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from controller.cli import fabric, intent, inventory, kinds, living, paths, policy, tables, tokens
from controller.cli.client import Daemon
from controller.cli.exits import Exit
from controller.cli.options import FormOption, ProjectOption, WaitOption
from controller.cli.output import chosen

_EPILOG = (
    "Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 the daemon cannot be reached, 4 done but not confirmed."
)
app = typer.Typer(
    name="netloom", help="The network of a cloud without the cloud.", no_args_is_help=True, epilog=_EPILOG
)
app.add_typer(tokens.app, name="token")
app.add_typer(paths.app, name="paths")
_COMMANDS = (living.connections, living.stats, living.recommend, policy.reachability, policy.lint)
for command in (*_COMMANDS, fabric.topology, fabric.drain, fabric.undrain):
    app.command()(command)

_messages = Console(stderr=True)


@app.callback()
def _options(
    context: typer.Context,
    url: Annotated[str, typer.Option(envvar="NETLOOM_URL", help="Where the daemon is.")] = "http://127.0.0.1:7070",
    token: Annotated[str | None, typer.Option(envvar="NETLOOM_TOKEN", help="Who is asking.")] = None,
) -> None:
    context.obj = Daemon(url, token)


_Settings = Annotated[Path | None, typer.Option("--settings", help="A YAML file of settings.")]
_KindWord = Annotated[str, typer.Argument(autocompletion=kinds.words, help="A kind, singular or plural.")]
_Watch = Annotated[bool, typer.Option("--watch", "-w", help="Go on with what changes.")]


@app.command()
def serve(settings: _Settings = None) -> None:
    """Run the daemon in the foreground."""
    from controller.errors import SettingsError  # noqa: PLC0415 - only the daemon needs what these bring along
    from controller.settings import load  # noqa: PLC0415

    try:
        found = load(settings, os.environ)
    except SettingsError as error:
        _messages.print(f"[red]settings[/]: {escape(str(error))}", highlight=False)
        raise typer.Exit(Exit.USAGE) from error

    from controller.daemon import main  # noqa: PLC0415 - it makes threads green

    raise typer.Exit(main(found))


@app.command()
def apply(
    context: typer.Context,
    *,
    file: Annotated[str, typer.Option("-f", "--file", help="JSON or YAML; - is what comes in.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Change nothing; show what would change.")] = False,
    wait: WaitOption = None,
    prune: Annotated[str | None, typer.Option(help="Delete what this selector matches and the file lacks.")] = None,
    form: FormOption = None,
) -> None:
    """Make intent what a document says, all of it or nothing."""
    params = {"dry_run": "true"} if dry_run else {}
    params |= {"prune": prune} if prune is not None else {}
    params |= {"wait": str(wait)} if wait is not None else {}
    raise typer.Exit(intent.apply(context.obj, file, params, chosen(form)))


@app.command()
def get(
    context: typer.Context,
    kind: _KindWord,
    name: Annotated[str | None, typer.Argument(help="One of them.")] = None,
    *,
    project: ProjectOption = None,
    label: Annotated[list[str] | None, typer.Option("-l", "--label", help="A label selector.")] = None,
    chassis: Annotated[str | None, typer.Option(help="Of nat and flows: those of a host.")] = None,
    router: Annotated[str | None, typer.Option(help="Of nat: those of a router or nat network, project/name.")] = None,
    form: FormOption = None,
    watch: _Watch = False,
) -> None:
    """Show what is asked for, and what is."""
    table, filters = tables.inventory(kind), {"chassis": chassis, "router": router}
    if table is not None and not kinds.single(table):
        if watch:
            raise typer.BadParameter(f"{table} cannot be watched; links, bridges and what is asked for can")
        filters |= {"label": ",".join(label or ()) or None}
        filters |= {"project": project} if _typed(context, "project") or "project" in tables.filters(table) else {}
        inventory.show(context.obj, table, filters, chosen(form), name)
        return
    wanted = intent.Wanted(kinds.kind(kind), project, name, tuple(label or ()))
    inventory.refuse_filters(wanted.kind.plural, [word for word, value in filters.items() if value is not None])
    if watch:
        intent.watch(context.obj, wanted, chosen(form))
    else:
        intent.get(context.obj, wanted, chosen(form))


def _typed(context: typer.Context, option: str) -> bool:
    """Whether an option was given with this command; what the environment says is said to all of them."""
    source = context.get_parameter_source(option)
    return source is not None and source.name == "COMMANDLINE"


@app.command()
def delete(
    context: typer.Context, kind: _KindWord, name: str, project: ProjectOption = None, wait: WaitOption = None
) -> None:
    """Delete one resource."""
    raise typer.Exit(intent.delete(context.obj, intent.Wanted(kinds.kind(kind), project, name), wait))


@app.command()
def agent(
    db: Annotated[str, typer.Option(help="The local OVS database.")] = "unix:/run/openvswitch/db.sock",
    daemon: Annotated[str, typer.Option(help="Where to report; default: where ovs-vsctl set-manager points.")] = "",
    log_level: Annotated[str, typer.Option(help="debug, info, warning or error.")] = "info",
) -> None:
    """Do for this host's networks what only its kernel can do; takes its orders from the local OVS database."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what the OVS library imports, which no operator can mend
        from controller.agent.main import main  # noqa: PLC0415 - only this command needs netlink

    raise typer.Exit(main(db, daemon, log_level))


@app.command()
def doctor(
    socket: Annotated[str, typer.Option(help="The socket of the local OVS database.")] = "/run/openvswitch/db.sock",
) -> None:
    """Check this host: OVS, datapath, permissions, ports; say what to mend and how."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what the OVS library imports, which no operator can mend
        from controller.cli.doctor import examine  # noqa: PLC0415 - only this command needs that library

    raise typer.Exit(examine(socket))
