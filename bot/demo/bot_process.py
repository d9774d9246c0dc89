"""The real bot as a child process of the demo, and what of it could be left behind.

The bot gets everything by its environment. Nothing of the caller's own settings reaches it, so that a demo can never
touch a real workspace, database or cloud account.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from bot.store.embedded_server import remove_data
from slack_playground.workspace.workspace import Secrets

# Settings of the bot, of libpq and of AWS; a proxy would be asked for 127.0.0.1.
_PRIVATE = ("SLACK_", "TOCSIN_", "PG", "AWS_", "DATABASE_URL")
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
_LAST_LINES = 12


def bot_environment(
    folder: Path, api_url: str, web_port: int, cloud: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The environment for the bot, or for a command that reads the same data; `cloud` is what it knows of AWS."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(_PRIVATE) and name.upper() not in _PROXIES
    }
    tokens = Secrets()
    return kept | {
        "SLACK_BASE_URL": api_url,
        "SLACK_BOT_TOKEN": tokens.bot_token,
        "SLACK_APP_TOKEN": tokens.app_token,
        "TOCSIN_DATA": str(folder),
        "TOCSIN_CLOCK_FILE": str(folder / "clock.json"),
        "TOCSIN_WEB_PORT": str(web_port),
        "TOCSIN_WEB_URL": f"http://127.0.0.1:{web_port}",
        "TOCSIN_STATUS_PAGE": "true",
        "PYTHONUNBUFFERED": "1",
        **(cloud or {}),
    }


class Bot:
    """`tocsin run` in a process and session of its own; what it prints goes to a log file."""

    def __init__(
        self,
        folder: Path,
        api_url: str,
        web_port: int,
        *,
        held: Sequence[int] = (),
        cloud: Mapping[str, str] | None = None,
    ) -> None:
        """`held`: file descriptors that stay open as long as the bot runs. `cloud`: what it knows of AWS."""
        self.log = folder / "bot.log"
        self.database = folder / "postgres"
        self._environment = bot_environment(folder, api_url, web_port, cloud)
        self._held = tuple(held)
        self._process: subprocess.Popen[bytes] | None = None
        if self.log.exists():
            self.log.replace(folder / "bot.log.old")

    def start(self) -> subprocess.Popen[bytes]:
        """Start it. To be called on the main thread: on Linux the bot ends with the thread that started it."""
        program = [sys.executable, "-m", "bot", "run", "--wait"]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "bot.demo.with_parent", str(os.getpid()), *program],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C in the terminal is for the demo, which then asks the bot to end
                pass_fds=self._held,
            )
        return self._process

    def stop(self, seconds: float = 20) -> None:
        """Ask it to end and wait; whatever is left after that is ended without asking."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(seconds)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        end_postgres(self.database)

    def kill(self) -> None:
        """End it at once, and its database with it; nothing is waited for."""
        if self._process is not None:
            self._process.kill()
        end_postgres(self.database, at_once=True)

    def end_of_log(self) -> str:
        """The last lines that it printed."""
        if not self.log.exists():
            return "(it printed nothing)"
        with self.log.open("rb") as log:
            log.seek(max(0, self.log.stat().st_size - 20_000))
            lines = log.read().decode(errors="replace").splitlines()
        return "\n".join(f"  | {line}" for line in lines[-_LAST_LINES:]) or "  | (it printed nothing)"


def end_postgres(folder: Path, *, at_once: bool = False) -> None:
    """End the server whose data lies in `folder`, if the bot could not; harmless where none runs."""
    server = find_postgres(folder)
    if server is None:
        return
    try:
        server.send_signal(signal.SIGQUIT if at_once else signal.SIGINT)
        if not at_once:
            server.wait(10)
    except psutil.TimeoutExpired:
        server.kill()
    except psutil.NoSuchProcess:
        pass


def find_postgres(folder: Path) -> psutil.Process | None:
    """The server that runs on the data in `folder`."""
    try:
        server = psutil.Process(int((folder / "postmaster.pid").read_text().split("\n", 1)[0]))
        return server if str(folder.resolve()) in server.cmdline() else None
    except (OSError, ValueError, psutil.Error):
        return None


def remove_database(folder: Path) -> None:
    """End the server on this data and delete the data."""
    end_postgres(folder)
    remove_data(folder)
