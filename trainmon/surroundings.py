"""What a training ran in: git commit and versions, read once at its start."""

import platform
import subprocess
import sys
from pathlib import Path

LIBRARIES = (
    "torch",
    "numpy",
    "jax",
    "tensorflow",
    "transformers",
    "lightning",
    "accelerate",
    "datasets",
    "timm",
)
"""Whose versions matter to whoever repeats a training; only those that the program has loaded are asked."""

GIT_LIMIT = 1.0
"""Seconds that git may take on a slow file system; after that the commit stays unknown."""


def versions() -> dict[str, str]:
    """Versions by name, of Python and of the libraries that are loaded."""
    found = {"python": platform.python_version()}
    for name in LIBRARIES:
        version = getattr(sys.modules.get(name), "__version__", None)
        if isinstance(version, str):
            found[name] = version[:80]
    cuda = getattr(getattr(sys.modules.get("torch"), "version", None), "cuda", None)
    if isinstance(cuda, str):
        found["cuda"] = cuda[:80]
    return found


def git_commit(folder: Path) -> str | None:
    """The short commit of the repository around `folder`, with `+dirty` where files are changed; None without one."""
    commit = _git(folder, "rev-parse", "--short=12", "HEAD")
    if not commit:
        return None
    changed = _git(folder, "status", "--porcelain", "--untracked-files=no")
    return f"{commit}+dirty" if changed else commit


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "--no-optional-locks", "-C", str(folder), *arguments],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=GIT_LIMIT,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode("utf-8", "replace").strip() if done.returncode == 0 else None
