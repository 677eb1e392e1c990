"""Which rank of a distributed training this process is, read from what launchers put into the environment.

No collective is ever called and no file is shared between ranks to find out: a rank that is late or dead must
not hold up another.
"""

import os
from collections.abc import Mapping

_RANK = ("RANK", "SLURM_PROCID", "OMPI_COMM_WORLD_RANK", "PMI_RANK")
_LOCAL_RANK = ("LOCAL_RANK", "SLURM_LOCALID", "OMPI_COMM_WORLD_LOCAL_RANK", "MPI_LOCALRANKID")
_WORLD_SIZE = ("WORLD_SIZE", "SLURM_NTASKS", "OMPI_COMM_WORLD_SIZE", "PMI_SIZE")
"""Set by torchrun, srun, Open MPI and Intel MPI / Hydra, in the order in which the nearest launcher wins."""


def _first_integer(names: tuple[str, ...], environment: Mapping[str, str]) -> int | None:
    for name in names:
        text = environment.get(name, "")
        if text.isascii() and text.isdigit() and len(text) < 10:
            return int(text)
    return None


def rank(environment: Mapping[str, str] = os.environ) -> int | None:
    """This process's global rank, from 0; None where no launcher said one."""
    return _first_integer(_RANK, environment)


def local_rank(environment: Mapping[str, str] = os.environ) -> int | None:
    """This process's rank on its node, from 0; None where no launcher said one."""
    return _first_integer(_LOCAL_RANK, environment)


def world_size(environment: Mapping[str, str] = os.environ) -> int | None:
    """How many ranks train together; None where no launcher said it."""
    return _first_integer(_WORLD_SIZE, environment)
