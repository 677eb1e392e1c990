"""Compiles the fake `libnvidia-ml.so.1` against the real `nvml.h`.

The one thing to know: every function of the header is in the library. Those that fake_nvml.c does not write
get a stub that answers NVML_ERROR_NOT_SUPPORTED, as a card would, so that any program meant for NVML can load
it:

    python tests/fakes/nvml/build.py /tmp/fake
    LD_LIBRARY_PATH=/tmp/fake FAKE_NVML=/tmp/fake/state.txt gpustat

What the state file may say stands at the top of fake_nvml.c.
"""

from __future__ import annotations

import argparse
import importlib.util
import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

SOURCE = Path(__file__).with_name("fake_nvml.c")
LIBRARY = "libnvidia-ml.so.1"
PROTOTYPE = re.compile(r"nvmlReturn_t\s+DECLDIR\s+(nvml\w+)\s*\(")
WRITTEN = re.compile(r"^(?:nvmlReturn_t|const char \*) ?(nvml\w+)\(", re.MULTILINE)
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
NOT_SUPPORTED = 3


def missing() -> str | None:
    """What building needs and is not here, in words; None where it can be built."""
    if shutil.which("gcc") is None:
        return "gcc is missing"
    if header() is None:
        return "nvml.h is missing: pip install nvidia-nvml-dev"
    return None


def header() -> Path | None:
    """The `nvml.h` of the package nvidia-nvml-dev; None where it is not installed."""
    package = importlib.util.find_spec("nvidia")
    for folder in (package.submodule_search_locations or ()) if package is not None else ():
        for found in sorted(Path(folder).glob("*/include/nvml.h")):
            return found
    return None


def build(folder: Path, without: Iterable[str] = ()) -> Path:
    """The library, compiled into `folder`; half a second.

    Args:
        folder: For LD_LIBRARY_PATH of the process that shall see the fake GPUs.
        without: Functions that the library shall not have at all, as an older driver's.
    """
    nvml_h = header()
    if nvml_h is None:
        raise FileNotFoundError(missing())
    declared = set(PROTOTYPE.findall(COMMENT.sub("", nvml_h.read_text("utf-8"))))
    written = set(WRITTEN.findall(SOURCE.read_text("utf-8")))
    stubs = folder / "stubs.c"
    stubs.write_text(
        "".join(f"int {name}(void) {{ return {NOT_SUPPORTED}; }}\n" for name in sorted(declared - written)),
        "utf-8",
    )
    exports = folder / "exports.map"
    hidden = "".join(f" {name};" for name in without)
    exports.write_text(f"{{ global: nvml*; local:{hidden} *; }};\n", "utf-8")
    library = folder / LIBRARY
    options = ["-shared", "-fPIC", "-O1", "-Wall", "-Wno-deprecated-declarations", "-Wno-format-truncation"]
    linking = ["-pthread", f"-Wl,-soname,{LIBRARY}", f"-Wl,--version-script={exports}"]
    command = ["gcc", *options, f"-I{nvml_h.parent}", *linking, "-o", str(library), str(SOURCE), str(stubs)]
    subprocess.run(command, check=True, timeout=60)
    return library


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Build a fake libnvidia-ml.so.1 that a text file drives.")
    parser.add_argument("folder", type=Path, help="where to; it must exist")
    print(build(parser.parse_args().folder))
