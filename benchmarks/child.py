"""The other side of `measure.in_child`: calls one function in this fresh interpreter and prints what it returns."""

import json
import os
import sys
from importlib import import_module


def main() -> None:
    """Arguments: `MODULE:FUNCTION`, its arguments as JSON, and the core to stay on ("": any)."""
    name, arguments, core = sys.argv[1:4]
    if core:
        os.sched_setaffinity(0, {int(core)})
    module, _, function = name.partition(":")
    result = getattr(import_module(module), function)(**json.loads(arguments))
    print(json.dumps(result))


if __name__ == "__main__":
    main()
