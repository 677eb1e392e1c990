"""`trainmon notify`: what is told and to how many services, and a message to each of them to see whether it arrives."""

import os

import click

from trainmon.cli.output import printable, say
from trainmon.words.visible import visible

HELP = """Say what people are told of trainings, and through which services; --test sends each of them a message.

Services are addresses of apprise (https://appriseit.com), in the section [notify] of config.toml or in
TRAINMON_NOTIFY_URLS. They hold tokens, and are never shown.

\b
Example:
  trainmon notify
  trainmon notify --test
  TRAINMON_NOTIFY_URLS=ntfy://my-topic trainmon notify --test

\b
Exit codes:
  0  well; with --test: every service took the message
  1  with --test: a service did not, none is configured, or apprise is missing
  2  wrong usage
"""


@click.command("notify", help=HELP, short_help="What people are told, and a test of it.")
@click.option("--test", "trial", is_flag=True, help="Send a message to every service.")
@click.pass_context
def command(ctx: click.Context, trial: bool) -> None:
    """The command; its help stands in `HELP`."""
    from trainmon.notify import readiness
    from trainmon.notify.rules import VARIABLE, addresses, read_settings
    from trainmon.system.configuration import config_path

    settings, problems = read_settings()
    urls = addresses(settings)
    source = VARIABLE if os.environ.get(VARIABLE) is not None else str(config_path())
    say(
        f"services  {len(urls)}"
        + (f" ({visible(', '.join(urls.kinds()))})" if len(urls) else "")
        + f", from {visible(source)}"
    )
    say(f"told      {visible(', '.join(settings.on)) or 'nothing'}")
    say(
        f"at most   {settings.most} messages in ten minutes; the bell {'rings' if settings.bell else 'is silent'}"
    )
    for problem in problems:
        say(f"problem   {visible(problem.where)}: {visible(problem.why)}")
    reason = readiness.why_not()
    if reason is not None:
        click.echo(f"trainmon: {visible(reason)}", err=True)
    if trial:
        ctx.exit(1 if reason is not None else _send(urls.reveal()))


def _send(urls: tuple[str, ...]) -> int:
    from trainmon.notify import message, services

    receipts = services.send(urls, message.trial(os.uname().nodename))
    good, bad = ("✓", "✗") if printable("✓✗") == "✓✗" else ("ok", "no")
    for number, receipt in enumerate(receipts, start=1):
        why = f": {receipt.why}" if receipt.why is not None else ""
        say(f"{good if receipt.taken else bad}  {number}  {visible(receipt.kind)}{visible(why)}")
    return 0 if all(receipt.taken for receipt in receipts) else 1
