"""What a training ran in: git commit and versions, read once at its start."""

import platform
import sys

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


def git_commit() -> str | None:
    """The short commit of the repository that the program runs in, `+dirty` where files are changed; None without one.

    The folder that it runs in may have been deleted; that is none, too.
    """
    # One process for both answers: each takes some 10 ms of the training's start.
    said = _git("status", "--porcelain=v2", "--branch", "--no-ahead-behind", "--untracked-files=no")
    head, changes = "", False
    for line in (said or "").splitlines():
        if line.startswith("# branch.oid "):
            head = line.removeprefix("# branch.oid ")
        changes = changes or not line.startswith("#")
    if not head or head == "(initial)":
        return None
    return f"{head[:12]}+dirty" if changes else head[:12]


def _git(*arguments: str) -> str | None:
    import subprocess  # Deferred: saves 4 ms of `setup_logging`, which asks for no commit.

    try:
        done = subprocess.run(
            ["git", "--no-optional-locks", *arguments],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=GIT_LIMIT,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode("utf-8", "replace").strip() if done.returncode == 0 else None
