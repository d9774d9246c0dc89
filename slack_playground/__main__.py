"""`python -m slack_playground`: a local Slack for the app that you write, until Ctrl-C."""

import argparse
import signal
import sys
import threading
from pathlib import Path

import yaml

from slack_playground.app import Playground
from slack_playground.starter import PEOPLE, PeopleFileError, read_people, starter_workspace
from slack_playground.workspace.manifest import read_manifest

ENDING = (signal.SIGINT, signal.SIGTERM)


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM; the exit status."""
    ended = threading.Event()
    for number in ENDING:
        signal.signal(number, lambda *_: ended.set())
    wishes = _parser().parse_args(arguments)
    try:
        manifest = read_manifest(wishes.manifest) if wishes.manifest else None
        people = read_people(wishes.people) if wishes.people else PEOPLE
        workspace = starter_workspace(manifest, people, free_plan=wishes.free_plan)
        playground = Playground(workspace, port=wishes.port)
    except (KeyError, TypeError, AttributeError, yaml.YAMLError) as mistake:
        return _fail(f"{wishes.manifest} is not an app manifest: {mistake!r}")
    except PeopleFileError as mistake:
        return _fail(str(mistake))
    except (OSError, OverflowError) as trouble:
        return _fail(f"{trouble}. Name a free port with --port, and files that exist.")
    with playground:
        for line in welcome(playground):
            _print(line)
        ended.wait()
    return 0


def welcome(playground: Playground) -> list[str]:
    """Where the page is, and what the app has to be given."""
    secrets, app = playground.workspace.secrets, playground.workspace.app
    return [
        f"The local Slack is ready: {playground.url}",
        "",
        f'For the app "{app.name}", Web API at {playground.api_url} (base_url of slack_sdk.WebClient):',
        f"  export SLACK_BOT_TOKEN={secrets.bot_token}",
        f"  export SLACK_APP_TOKEN={secrets.app_token}",
        f"Over HTTP instead of Socket Mode, the signing secret is {secrets.signing_secret}",
        "",
        "Ctrl-C ends it; nothing is kept.",
    ]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m slack_playground", description="A local Slack, on 127.0.0.1 only.")
    parser.add_argument("--port", type=int, default=8000, help="where it listens (8000); 0 takes a free port")
    parser.add_argument("--manifest", type=Path, help="the app's manifest, YAML or JSON; without it all is allowed")
    parser.add_argument("--people", type=Path, help="who is there: a YAML list of names or of people's fields")
    parser.add_argument("--free-plan", action="store_true", help="refuse what Slack's free plan refuses")
    return parser


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _fail(sentence: str) -> int:
    sys.stderr.write(f"{sentence}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
