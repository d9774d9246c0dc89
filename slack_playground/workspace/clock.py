"""The playground's virtual time: how fast it runs is chosen on the page, and other processes read it from a file."""

import json
import os
import tempfile
import time
from pathlib import Path


class DemoClock:
    """Virtual seconds since the epoch; `now = virtual + (real time - real) * rate`.

    With a path, the anchor lives in a JSON file `{"real", "virtual", "rate"}` that is replaced as a whole, so that any
    process holding a `DemoClock` on the same path sees the same time. Without a path the clock is this process's own.
    """

    def __init__(self, path: Path | None = None, *, virtual: float | None = None, rate: float = 1.0) -> None:
        self._path = path
        self._stamp = 0
        real = time.time()
        self._anchor = (real, real if virtual is None else virtual, rate)
        if path is not None and not self._read():
            self._write()

    def now(self) -> float:
        """Virtual seconds since the epoch."""
        self._read()
        real, virtual, rate = self._anchor
        return virtual + (time.time() - real) * rate

    @property
    def rate(self) -> float:
        """How many virtual seconds pass in one real second."""
        self._read()
        return self._anchor[2]

    def set_rate(self, rate: float) -> None:
        """Change the speed from this moment on; time never jumps. Raises ValueError on a negative or absurd rate."""
        if not 0 <= rate <= 100_000:
            raise ValueError("the rate must lie between 0 and 100000")
        virtual = self.now()
        self._anchor = (time.time(), virtual, float(rate))
        self._write()

    def state(self) -> dict[str, float]:
        """The clock as the page shows it."""
        return {"virtual": self.now(), "rate": self._anchor[2], "real": time.time()}

    def _read(self) -> bool:
        """Follow the file if another process wrote it; False if there is none."""
        if self._path is None:
            return True
        try:
            stamp = self._path.stat().st_mtime_ns
            if stamp != self._stamp:
                saved = json.loads(self._path.read_text())
                self._anchor = (saved["real"], saved["virtual"], saved["rate"])
                self._stamp = stamp
        except FileNotFoundError:
            return False
        return True

    def _write(self) -> None:
        if self._path is None:
            return
        real, virtual, rate = self._anchor
        handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=self._path.name)
        with os.fdopen(handle, "w") as file:
            json.dump({"real": real, "virtual": virtual, "rate": rate}, file)
        Path(name).replace(self._path)  # readers see the old anchor or the new one, never half of it
        self._stamp = self._path.stat().st_mtime_ns
