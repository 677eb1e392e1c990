"""All checks of the project, in the order in which they are quick: `python -m tests`.

What stands behind it goes to pytest: `python -m tests tests/core -k spool`.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = Path(sys.executable).parent

CHECKS = (
    (str(SCRIPTS / "ruff"), "check", "."),
    (str(SCRIPTS / "ruff"), "format", "--check", "."),
    (str(SCRIPTS / "mypy"),),
    (str(SCRIPTS / "lint-imports"),),
)


def main() -> int:
    """Runs the checks, then the tests; the exit status of the first that fails."""
    for command in CHECKS:
        print("+", Path(command[0]).name, *command[1:], flush=True)
        status = subprocess.run(command, cwd=ROOT).returncode
        if status:
            return status
    return subprocess.run([sys.executable, "-m", "pytest", "-n", "2", *sys.argv[1:]], cwd=ROOT).returncode


if __name__ == "__main__":
    raise SystemExit(main())
