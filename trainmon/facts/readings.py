"""What a machine was seen doing at one moment: host, trainer, GPUs and PyTorch's allocator; frozen values.

The one thing to know: a reading that could not be had is `None`, never 0, so that a screen can say "unknown".
"""

from __future__ import annotations

import msgspec


class HostReading(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, gc=False):
    """The host as the reading process may use it: inside a container, the container's share of it."""

    cpu_percent: float | None = None
    """CPU in use, percent 0-100 of the CPUs in `cpu_count`, since the sample before; None at the first."""
    cpu_per_core: tuple[float, ...] | None = None
    """The same for each CPU that may be used, by rising number; None where it was not asked for, or there are many."""
    cpu_count: float | None = None
    """CPUs that the process may use: its affinity, or its cgroup's quota where smaller; 2.5 is possible."""
    cpu_limited: bool = False
    """Whether `cpu_count` is the quota of a control group, and not just the CPUs there are."""
    cpus_of_host: int | None = None
    """CPUs of the host, usable or not."""
    load_1m: float | None = None
    """Load average over one minute: tasks of the whole host that run or wait."""
    memory_used: int | None = None
    """Bytes in use that cannot simply be dropped (page cache left out), of what `memory_total` limits."""
    memory_total: int | None = None
    """Bytes there are: the host's memory, or the cgroup's limit where that is smaller."""
    memory_limited: bool = False
    """Whether `memory_total` is the limit of a control group: reaching it kills."""
    swap_used: int | None = None
    """Bytes of swap in use on the host."""
    swap_total: int | None = None
    """Bytes of swap on the host; 0 is a host without swap."""
    disk_free: int | None = None
    """Bytes that an ordinary user can still write to the file system of `disk_path`."""
    disk_total: int | None = None
    """Size in bytes of the file system of `disk_path`."""
    disk_path: str | None = None
    """The folder whose file system was measured."""
    network_sent: float | None = None
    """Bytes a second sent by all network devices but loopback; None at the first sample."""
    network_received: float | None = None
    """Bytes a second received, counted as `network_sent` is."""
    disk_read: float | None = None
    """Bytes a second read from the host's local disks; None at the first sample."""
    disk_written: float | None = None
    """Bytes a second written to the host's local disks, counted as `disk_read` is."""
    oom_kills: int | None = None
    """Processes of this cgroup that the out-of-memory killer ended, since the cgroup was made."""


class FileSystemReading(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, gc=False):
    """One file system on which a run keeps files."""

    path: str
    """The folder for which it was measured."""
    kind: str | None = None
    """Its type, as in `mount`: "ext4", "nfs4"."""
    free: int | None = None
    """Bytes that an ordinary user can still write."""
    total: int | None = None
    """Its size in bytes."""
    read: float | None = None
    """Bytes a second read from its device or server, by everybody on this host; None at the first sample."""
    written: float | None = None
    """Bytes a second written to it, counted as `read` is."""


class ProcessReading(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, gc=False):
    """The trainer's process and its children (of any depth: DataLoader workers, their helpers)."""

    pid: int
    """Process id, as numbered in the reader's own pid namespace."""
    cpu_percent: float | None = None
    """Percent of one CPU that the process used since the sample before: 250 is two and a half CPUs."""
    rss: int | None = None
    """Resident memory in bytes."""
    threads: int | None = None
    """Threads of the process."""
    open_files: int | None = None
    """Open file descriptors; None also where the process belongs to another user."""
    children: int | None = None
    """Living descendants."""
    children_rss: int | None = None
    """Their resident memory in bytes, summed: pages that they share are counted once for each."""
    children_threads: int | None = None
    """Their threads, summed."""
    children_open_files: int | None = None
    """Their open file descriptors, summed; None where those of none may be counted."""
    children_cpu_percent: float | None = None
    """Percent of one CPU that they used since the sample before."""


class GpuProcess(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A process that holds a context on a GPU."""

    pid: int
    """Process id as the driver numbers it: the host's pid namespace, also when asked from a container."""
    memory_used: int | None = None
    """Bytes of GPU memory it holds; None where the driver does not tell."""
    own: bool | None = None
    """Whether it is the trainer or one of its descendants; None where process ids cannot be compared."""
    user: str | None = None
    """Name of who runs it; None where it was not asked for or is not known."""
    command: str | None = None
    """Its command line, cut; untrusted text. None as for `user`."""
    rss: int | None = None
    """Its resident memory on the host, in bytes. None as for `user`."""
    cpu_percent: float | None = None
    """Percent of one CPU that it used since the reading before; None as for `user`, and at the first."""


class GpuReading(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, gc=False):
    """One GPU; whatever it does not support is None."""

    index: int
    """Number in the driver's order (PCI bus), which CUDA_VISIBLE_DEVICES does not change."""
    uuid: str | None = None
    """The driver's lasting name of the card: `GPU-` and 36 characters."""
    name: str | None = None
    """Product name: `NVIDIA H100 80GB HBM3`."""
    visible: bool | None = None
    """Whether CUDA_VISIBLE_DEVICES leaves it to the trainer; None where its entries cannot be matched."""
    utilisation: int | None = None
    """Percent 0-100 of the driver's last sample period in which any kernel ran."""
    memory_used: int | None = None
    """Bytes of memory allocated on the card, by all processes."""
    memory_total: int | None = None
    """Bytes of memory on the card."""
    temperature: int | None = None
    """Degrees Celsius of the chip."""
    power: float | None = None
    """Watts drawn by the card."""
    power_limit: float | None = None
    """Watts at which the card throttles itself."""
    sm_clock: int | None = None
    """Clock of the streaming multiprocessors in MHz."""
    sm_clock_max: int | None = None
    """The highest that it can be, in MHz."""
    throttle: tuple[str, ...] | None = None
    """Why the clock is held down, in words; () is "not held down", None is "not known"."""
    ecc_uncorrected: int | None = None
    """Uncorrected memory errors since the driver was loaded or the card reset."""
    processes: tuple[GpuProcess, ...] | None = None
    """Processes on the card, by rising pid; None where the driver does not tell."""
    state: str | None = None
    """What is wrong with the card as a whole, such as "lost"; None: nothing that is known."""


class AllocatorReading(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, gc=False):
    """PyTorch's caching allocator on one CUDA device, as seen from inside the trainer."""

    device: int
    """The device's number in the trainer (`cuda:0`), after CUDA_VISIBLE_DEVICES."""
    allocated: int | None = None
    """Bytes held by living tensors."""
    reserved: int | None = None
    """Bytes that the allocator took from the driver, those of `allocated` included."""
    peak: int | None = None
    """The highest that `allocated` was since the start or `torch.cuda.reset_peak_memory_stats`."""


class MachineReading(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, gc=False):
    """All that was read at one moment."""

    time: float
    """Unix seconds at which the reading began."""
    host: HostReading | None = None
    """The host; None where it was not read."""
    process: ProcessReading | None = None
    """The trainer; None where there is none or it is gone."""
    file_systems: tuple[FileSystemReading, ...] = ()
    """That of the log folder, then that of the checkpoints if it is another; () where they did not answer."""
    gpus: tuple[GpuReading, ...] = ()
    """The GPUs, by rising index."""
    allocators: tuple[AllocatorReading, ...] = ()
    """PyTorch's view, by device; () outside the trainer and until CUDA is initialised."""
    gpu_note: str | None = None
    """Why `gpus` is empty, or for how long their driver has not answered, in words: "no NVML"."""
