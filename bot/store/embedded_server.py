"""The embedded server as Tocsin starts it: its socket in a folder that nobody else enters, and nobody else let in.

The package's own habits are to let every account of the machine in (`trust`), to put the socket into a shared folder
where the path is long, and, run as root, to open the rights of all folders above the data. None of that is done here.
"""

from __future__ import annotations

import fcntl
import os
import pwd
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType
from typing import Any

from bot.errors import InvalidSettings

_LONGEST_SOCKET = 100  # bytes of the socket's path; systems take 103 to 107
_SOCKET = ".s.PGSQL.5432"
_ELSEWHERE = Path("/var/lib/tocsin")  # for the data of root, where no other account may enter the folder that was named
_KEPT_FOR = "kept_for.txt"
_SOCKET_FOLDER = "socket_folder.txt"


def data_folder(folder: Path) -> Path:
    """Where the data stands: in `folder`, or for root, where that is out of reach, elsewhere with a link from there.

    Run as root, PostgreSQL is another account, which may not enter, say, /root; the rights of folders are left alone.
    Raises InvalidSettings for data that is out of reach already.
    """
    if os.geteuid() != 0 or folder.is_symlink() or _may_enter(folder):
        folder = folder.resolve()
        folder.mkdir(parents=True, exist_ok=True)
        return folder
    if (folder / "PG_VERSION").exists():
        raise InvalidSettings(
            f"The embedded PostgreSQL can't enter {folder}: it does not run as root. "
            "Let others enter the folders above it (chmod o+x), or set TOCSIN_DATA to another folder."
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        return _data_elsewhere(folder)
    except OSError as error:
        raise InvalidSettings(
            f"The embedded PostgreSQL can't enter {folder}, as it does not run as root, and {_ELSEWHERE} can't be used "
            f"({error.strerror}). Set TOCSIN_DATA to a folder that others may enter."
        ) from error


def _data_elsewhere(folder: Path) -> Path:
    with _alone_elsewhere():
        if folder.is_symlink():  # another process was first
            return folder.resolve()
        _remove_orphans()
        data = Path(tempfile.mkdtemp(dir=_ELSEWHERE, prefix="postgres-"))
        with suppress(FileNotFoundError):
            folder.rmdir()
        folder.symlink_to(data)
        _note(data).write_text(str(folder), encoding="utf-8")
    return folder.resolve()


@contextmanager
def _alone_elsewhere() -> Iterator[None]:
    """One process at a time: a link without its note, or a note half written, would pass for an orphan's."""
    _ELSEWHERE.mkdir(parents=True, exist_ok=True)
    with (_ELSEWHERE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # ends with the process, too
        yield


def remove_data(folder: Path) -> None:
    """Delete the data to which `folder` leads; the server must have ended. Nothing where there is none."""
    data = folder.resolve()
    if not folder.is_symlink():
        if data.exists():
            shutil.rmtree(data)
        return
    with _alone_elsewhere():
        if data.exists():
            shutil.rmtree(data)
        folder.unlink()
        _note(data).unlink(missing_ok=True)


def _note(data: Path) -> Path:
    """The file beside the data that says which folder leads to it."""
    return data.with_name(f"{data.name}.{_KEPT_FOR}")


def _remove_orphans() -> None:
    """Data to which no folder leads any more."""
    for data in _ELSEWHERE.glob("postgres-*"):
        note = _note(data)
        if data.is_dir() and note.exists() and not (data / "postmaster.pid").exists():
            link = Path(note.read_text(encoding="utf-8"))
            if not link.is_symlink() or link.resolve() != data:
                shutil.rmtree(data, ignore_errors=True)
                note.unlink()


def _may_enter(path: Path) -> bool:
    """Whether every account may enter the folders above it that exist."""
    above = [folder for folder in path.resolve().parents if folder.exists()]
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in above)


def server_of(package: ModuleType, folder: Path) -> Any:
    """The package's server for the data in `folder`, with our rules in place of its own."""
    package.ensure_prefix_permissions = package.ensure_folder_permissions = _leave_alone  # type: ignore[attr-defined]
    package.find_suitable_socket_dir = lambda pgdata, _runtime: socket_folder(pgdata)  # type: ignore[attr-defined]

    class OwnServer(package.PostgresServer):  # type: ignore[misc,name-defined]  # a module that is loaded when it is used
        def ensure_pgdata_inited(self) -> None:
            """As the package makes it, and before the server starts, closed to other accounts."""
            super().ensure_pgdata_inited()
            close_to_others(self.pgdata)

    server = OwnServer(folder, cleanup_mode="stop")
    if server.system_user is not None:
        server.bin_path = _reachable_programs(server.bin_path)
    return server


def _leave_alone(*_arguments: object) -> None:
    """The package would open folders to everybody here."""


def socket_folder(data: Path) -> Path:
    """The folder of the socket: the data's own, which only PostgreSQL's account enters, or for a long path another.

    The same at each start, so that the address stays. Of mode 0700 both, and of PostgreSQL's account.
    """
    if len(os.fsencode(data / _SOCKET)) <= _LONGEST_SOCKET:
        return data
    owner, note = data.stat(), data / _SOCKET_FOLDER
    kept = Path(note.read_text(encoding="utf-8")) if note.exists() else None
    if kept is not None and _is_closed(kept.parent, owner.st_uid):
        return kept
    closed = Path(tempfile.mkdtemp(prefix="tocsin-postgres-"))
    inner = closed / "socket"  # the package opens the rights of what it is given; nobody else gets as far as that
    inner.mkdir()
    for path in (inner, closed):
        os.chown(path, owner.st_uid, owner.st_gid)
    note.write_text(str(inner), encoding="utf-8")
    return inner


def _is_closed(folder: Path, owner: int) -> bool:
    with suppress(FileNotFoundError):
        found = folder.lstat()
        return stat.S_ISDIR(found.st_mode) and found.st_uid == owner and stat.S_IMODE(found.st_mode) == stat.S_IRWXU
    return False


def close_to_others(data: Path) -> None:
    """Let in the account that runs Tocsin and PostgreSQL's own, over the socket; nobody over the network.

    PostgreSQL cannot know an account without a name, as in some containers: there the closed folder is the guard.
    """
    try:
        accounts = {pwd.getpwuid(uid).pw_name for uid in (os.geteuid(), data.stat().st_uid)}
    except KeyError:
        (data / "pg_hba.conf").write_text("local all all trust\n", encoding="utf-8")
        return
    lines = [f'tocsin "{account}" postgres\n' for account in sorted(accounts)]
    (data / "pg_ident.conf").write_text("".join(lines), encoding="utf-8")
    (data / "pg_hba.conf").write_text("local all all peer map=tocsin\n", encoding="utf-8")


def _reachable_programs(programs: Path) -> Path:
    """PostgreSQL's programs where its account may run them: where they were installed, or a copy of root's own."""
    readable = all(path.stat().st_mode & stat.S_IROTH for path in (programs / "postgres", programs, programs.parent))
    if _may_enter(programs / "postgres") and readable:
        return programs
    tree = programs.parent
    kept = Path(tempfile.gettempdir()) / f"tocsin-programs-{tree.name}-{int(tree.stat().st_mtime)}"
    if not (kept.is_dir() and not kept.is_symlink() and kept.stat().st_uid == 0):
        made = Path(tempfile.mkdtemp(prefix="tocsin-programs-"))
        shutil.copytree(tree, made, dirs_exist_ok=True, symlinks=True)
        for path in (made, *made.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0o644)
        with suppress(OSError):  # another process was first
            made.rename(kept)
    return (kept if kept.is_dir() and kept.stat().st_uid == 0 else made) / programs.name
