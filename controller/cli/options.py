"""Options that several commands have."""

from __future__ import annotations

from typing import Annotated

import typer

from controller.cli.output import Form

ProjectOption = Annotated[str | None, typer.Option("-p", "--project", envvar="NETLOOM_PROJECT", help="Default: all.")]
FormOption = Annotated[Form | None, typer.Option("-o", "--output", help="Default: a table on a terminal, else JSON.")]
WaitOption = Annotated[
    float | None,
    typer.Option("--wait", help="Wait until every switch has confirmed; 30 seconds if no number follows."),
]
