"""Who a process is and whether it lives: on made-up process tables and on real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainmon.system.identity import ProcessIdentity, alive, identity_of, own_identity, process_state

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads Linux's /proc")
HOST = os.uname().nodename
BOOT = "11111111-2222-3333-4444-555555555555"
NAMESPACE = 4026531836
TRAINER = 4711
START = 88_000


def a_stat(pid: int, *, state: str = "S", name: str = "python", start: int = START) -> bytes:
    """A line of /proc/PID/stat with the fields that matter set."""
    before_start = " ".join(["0"] * 18)
    return f"{pid} ({name}) {state} {before_start} {start} 1000 250 0 0\n".encode("utf-8", "surrogateescape")


def a_host(
    root: Path,
    *,
    stat: bytes | None = None,
    boot: str = BOOT,
    namespace: int = NAMESPACE,
    self_pid: int | None = None,
    others: bool = True,
) -> Path:
    """A root folder with a /proc in which this process is seen, and the trainer where `stat` is given."""
    proc = root / "proc"
    pids = [os.getpid(), *([1] if others else [])]
    for pid in pids:
        (proc / str(pid) / "ns").mkdir(parents=True)
        (proc / str(pid) / "stat").write_bytes(a_stat(pid))
        (proc / str(pid) / "ns/pid").symlink_to(f"pid:[{namespace}]")
    (proc / "self").symlink_to(str(self_pid or os.getpid()))
    (proc / "sys/kernel/random").mkdir(parents=True)
    (proc / "sys/kernel/random/boot_id").write_text(f"{boot}\n")
    if stat is not None:
        (proc / str(TRAINER)).mkdir()
        (proc / str(TRAINER) / "stat").write_bytes(stat)
    return root


def a_trainer(
    *,
    host: str = HOST,
    boot_id: str | None = BOOT,
    pid_namespace: int | None = NAMESPACE,
    start_ticks: int | None = START,
) -> ProcessIdentity:
    return ProcessIdentity(
        host=host, pid=TRAINER, boot_id=boot_id, pid_namespace=pid_namespace, start_ticks=start_ticks
    )


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    """A process that waits until it is ended."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield process
    process.kill()
    process.communicate()


def test_a_process_that_is_there_lives(tmp_path: Path) -> None:
    """Same boot, same namespace, same start: it is that very process."""
    root = a_host(tmp_path, stat=a_stat(TRAINER, state="R"))

    assert alive(a_trainer(), root) is True
    assert process_state(a_trainer(), root) == "R"


def test_a_process_that_is_not_in_the_table_is_dead(tmp_path: Path) -> None:
    """The plain case after `kill -9`."""
    root = a_host(tmp_path)

    assert alive(a_trainer(), root) is False
    assert process_state(a_trainer(), root) is None
    assert identity_of(TRAINER, root) is None


@pytest.mark.parametrize("state", ["Z", "X"])
def test_a_zombie_is_dead(tmp_path: Path, state: str) -> None:
    """It is in the table only until its parent asks for its exit status."""
    root = a_host(tmp_path, stat=a_stat(TRAINER, state=state))

    assert alive(a_trainer(), root) is False
    assert process_state(a_trainer(), root) == state


@pytest.mark.parametrize("state", ["T", "D", "S", "t"])
def test_stopped_and_hanging_processes_live(tmp_path: Path, state: str) -> None:
    """Ctrl-Z and a frozen disk are not death."""
    root = a_host(tmp_path, stat=a_stat(TRAINER, state=state))

    assert alive(a_trainer(), root) is True


def test_a_pid_that_was_given_away_is_dead(tmp_path: Path) -> None:
    """Another start time is another process."""
    root = a_host(tmp_path, stat=a_stat(TRAINER, start=START + 1))

    assert alive(a_trainer(), root) is False
    assert process_state(a_trainer(), root) is None


def test_a_reboot_of_the_host_ends_every_process(tmp_path: Path) -> None:
    """Even where a process with that pid and start exists again."""
    root = a_host(tmp_path, stat=a_stat(TRAINER), boot="99999999-0000-0000-0000-000000000000")

    assert alive(a_trainer(), root) is False
    assert process_state(a_trainer(), root) is None


@pytest.mark.parametrize(
    "stranger",
    [
        a_trainer(host="another-host", boot_id="another boot"),
        a_trainer(pid_namespace=NAMESPACE + 1),
        a_trainer(pid_namespace=NAMESPACE + 1, boot_id="another boot"),
        a_trainer(pid_namespace=None),
        a_trainer(boot_id=None),
    ],
    ids=["another host", "another container", "a container before", "no namespace", "no boot id"],
)
def test_what_cannot_be_compared_is_unknown(tmp_path: Path, stranger: ProcessIdentity) -> None:
    """The same number means nothing on another host or in another container."""
    root = a_host(tmp_path)

    assert alive(stranger, root) is None


def test_hosts_that_share_a_nameless_name_are_not_taken_for_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two machines that are both called localhost have two boots, and neither has ended."""
    root = a_host(tmp_path, boot="99999999-0000-0000-0000-000000000000")
    name = os.uname_result(("Linux", "localhost", "6", "1", "x86_64"))
    monkeypatch.setattr(os, "uname", lambda: name)

    assert alive(a_trainer(host="localhost"), root) is None


def test_a_renamed_host_is_still_known_by_its_boot(tmp_path: Path) -> None:
    """The kernel's boot id is the stronger evidence: names change, and containers have their own."""
    root = a_host(tmp_path, stat=a_stat(TRAINER))

    assert alive(a_trainer(host="the-old-name"), root) is True


def test_a_proc_of_another_namespace_proves_nothing(tmp_path: Path) -> None:
    """After `unshare --pid` without a new /proc, the numbers in it are those of outside."""
    root = a_host(tmp_path, self_pid=1)

    assert alive(a_trainer(), root) is None
    assert own_identity(root).pid_namespace is None


def test_a_table_that_hides_processes_is_asked_by_signal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under `hidepid` an absent pid may belong to another user's living process."""
    root = a_host(tmp_path, others=False)
    answers: dict[str, Exception] = {"no such process": ProcessLookupError(), "not yours": PermissionError()}

    def kill_that_raises(answer: Exception) -> bool | None:
        def kill(pid: int, number: int) -> None:
            raise answer

        monkeypatch.setattr(os, "kill", kill)
        return alive(a_trainer(), root)

    assert kill_that_raises(answers["no such process"]) is False
    assert kill_that_raises(answers["not yours"]) is None


def test_a_process_whose_start_was_not_noted_is_unknown(tmp_path: Path) -> None:
    """The pid may have been given away since."""
    root = a_host(tmp_path, stat=a_stat(TRAINER))

    assert alive(a_trainer(start_ticks=None), root) is None


@given(name=st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=15))
def test_no_process_name_misleads(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    """Names may hold spaces, parentheses and line breaks: `a) Z 0 (b` is a name."""
    root = a_host(tmp_path_factory.mktemp("host"), stat=a_stat(TRAINER, state="R", name=name))

    assert alive(a_trainer(), root) is True


@given(stat=st.binary(max_size=80))
def test_a_broken_line_is_unknown(tmp_path_factory: pytest.TempPathFactory, stat: bytes) -> None:
    """A process that cannot be read is not called dead."""
    root = a_host(tmp_path_factory.mktemp("host"), stat=stat)

    assert alive(a_trainer(), root) is None


def test_elsewhere_than_on_linux_only_host_and_pid_are_known(tmp_path: Path) -> None:
    """No /proc: nothing is guessed."""
    identity = own_identity(tmp_path)

    assert identity == ProcessIdentity(host=HOST, pid=os.getpid())
    assert alive(identity, tmp_path) is None


@linux
def test_this_process_lives_and_runs() -> None:
    """The identity that is written down is found again."""
    identity = own_identity()

    assert alive(identity) is True
    assert process_state(identity) == "R"
    assert identity == identity_of(os.getpid())


@linux
def test_a_killed_child_is_dead_before_its_parent_has_asked(child: subprocess.Popen[bytes]) -> None:
    """A real zombie."""
    identity = identity_of(child.pid)
    assert identity is not None

    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)

    assert alive(identity) is False
    assert process_state(identity) == "Z"


@linux
def test_a_stopped_child_lives_and_says_so(child: subprocess.Popen[bytes]) -> None:
    """A real SIGSTOP."""
    identity = identity_of(child.pid)
    assert identity is not None

    child.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, child.pid, os.WSTOPPED | os.WNOWAIT)

    assert alive(identity) is True
    assert process_state(identity) == "T"


def test_importing_it_loads_neither_psutil_nor_socket() -> None:
    """`trainmon status` asks this question within 150 ms of its start."""
    script = "import sys, trainmon.system.identity; print({'psutil', 'socket', 'pynvml'} & set(sys.modules))"

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout == "set()\n"
