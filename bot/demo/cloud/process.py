"""The demo's AWS, and its Alertmanager, as a child process, and what the bot has to know to use it."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path

from bot.demo.cloud.alertmanager import ADDRESS, POLICY, TOKEN
from bot.demo.cloud.server import READY
from bot.demo.cloud.shop import ACCOUNT, QUEUE, REGION, SERVICES
from bot.settings import REPOSITORY

NEEDED = ("moto", "boto3", "flask", "flask_cors")
MISSING = "AWS is not simulated: its packages are missing (pip install 'tocsin[demo]')."
KNOWLEDGE = REPOSITORY / "knowledge"
# moto would read hundreds of machine images at its start, which nothing looks at.
_QUICK = {"MOTO_EC2_LOAD_DEFAULT_AMIS": "false"}
_OWN_POLICY = {"services.yaml": SERVICES, "alarms.yaml": POLICY}


def is_installed() -> bool:
    """Whether the packages are there that play AWS."""
    return all(find_spec(name) for name in NEEDED)


class Cloud:
    """moto's server with the broken shop, in a process and session of its own; what it prints goes to a log file."""

    def __init__(self, folder: Path, port: int, web_port: int = 0) -> None:
        """`folder` is the demo's, with its clock file; `port` a free one of 127.0.0.1; `web_port` the bot's, to which
        an Alertmanager delivers, 0 where nothing is to be delivered.
        """
        self._folder, self._port = folder, port
        self._delivers = {TOKEN: secrets.token_hex(16)}
        if web_port:
            self._delivers[ADDRESS] = f"http://127.0.0.1:{web_port}/alarms/alertmanager"
        self.log = folder / "aws.log"
        self._process: subprocess.Popen[str] | None = None

    def environment(self) -> Mapping[str, str]:
        """What the bot needs: this AWS and no other, and a policy that names what runs in it."""
        nowhere = str(self._folder / "no-aws-profile")
        return {
            "AWS_REGION": REGION,
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self._port}",
            "AWS_ACCESS_KEY_ID": "demo",
            "AWS_SECRET_ACCESS_KEY": "demo",
            "AWS_CONFIG_FILE": nowhere,
            "AWS_SHARED_CREDENTIALS_FILE": nowhere,
            "AWS_EC2_METADATA_DISABLED": "true",
            "TOCSIN_ALARM_QUEUES": f"http://127.0.0.1:{self._port}/{ACCOUNT}/{QUEUE}",
            TOKEN: self._delivers[TOKEN],
            "TOCSIN_KNOWLEDGE": str(link_knowledge(self._folder / "knowledge")),
        }

    def start(self, heard: Callable[[bool], None]) -> None:
        """Start it, on the main thread as with the bot. `heard` gets True once the shop stands, False when it ended."""
        program = [sys.executable, "-m", "bot.demo.cloud.server", str(self._port), str(self._folder / "clock.json")]
        with self.log.open("w") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "bot.demo.with_parent", str(os.getpid()), *program],
                env=os.environ | _QUICK | self._delivers,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        threading.Thread(target=self._listen, args=(self._process, heard), daemon=True).start()

    def stop(self) -> None:
        """End it, and wait until it has ended."""
        self.kill()
        if self._process is not None:
            self._process.wait()

    def kill(self) -> None:
        """End it; nothing is waited for. It holds nothing that is worth more."""
        if self._process is not None:
            self._process.kill()

    @staticmethod
    def _listen(process: subprocess.Popen[str], heard: Callable[[bool], None]) -> None:
        assert process.stdout is not None
        with process.stdout:
            for line in process.stdout:
                if line.strip() == READY:
                    heard(True)
        heard(False)


def link_knowledge(folder: Path) -> Path:
    """A knowledge folder that is Tocsin's own by links, but for the policy files of the demo; made anew."""
    if folder.exists():
        shutil.rmtree(folder)
    (folder / "policy").mkdir(parents=True)
    for source in KNOWLEDGE.iterdir():
        if source.name != "policy":
            (folder / source.name).symlink_to(source)
    for source in (KNOWLEDGE / "policy").iterdir():
        if source.name not in _OWN_POLICY:
            (folder / "policy" / source.name).symlink_to(source)
    for name, text in _OWN_POLICY.items():
        (folder / "policy" / name).write_text(text, encoding="utf-8")
    return folder
