"""Processes that do tasks for this one, and end with it, however it ends.

Starts processes. Called by `kittiwake.simulate.sharing`. Each has a pipe to this process: tasks come in, reports and
results go out; where the pipe is closed, the process at its other end is gone. What ends this process by a signal is
blocked in the others, so that Ctrl-C, which a terminal sends to all of them, ends them silently and by this one.
A fresh interpreter each, not a fork: threads run here already.
"""

from __future__ import annotations

import pickle
import signal
import subprocess
import sys
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from types import TracebackType
from typing import Any, Final, NamedTuple, Protocol, Self, TypeAlias

from kittiwake.durable_files import ENDING
from kittiwake.errors import UnusableError

ENDS_WITHIN_S: Final = 10.0
"""How long a process that has nothing more to do may take to end: thousands of times what it takes."""

_PROGRAM: Final = "import sys; sys.path[:] = {path!r}; from kittiwake.batch.workers.pool import serve; serve({number})"

Report: TypeAlias = Callable[[Any], None]
"""Takes what is to be known while a task is done."""


class Worker(Protocol):
    """What stands in each process. Tasks, reports and results travel by pickle."""

    def do(self, task: Any, report: Report) -> Any:
        """The result of a task."""


class WorkerDiedError(UnusableError):
    """A process has ended in the middle of a task: the system has killed it."""


class Call(StrEnum):
    """What a message of a process is."""

    REPORT = "report"
    RESULT = "result"
    ERROR = "error"


class _Process(NamedTuple):
    process: subprocess.Popen[bytes]
    pipe: Connection


class Pool:
    """Some processes, to be used in a `with`; at its end they are gone."""

    def __init__(self, make: Callable[[int], Worker], number: int, handles: Sequence[int] = ()) -> None:
        """`make` makes the worker of a process, of its number from 0, there; it travels by pickle. `handles` are files
        that the processes share with this one, under the same numbers.
        """
        self._make, self._number, self._handles = make, number, tuple(handles)
        self._processes: list[_Process] = []

    def __enter__(self) -> Self:
        try:
            with _signals_blocked():
                for _ in range(self._number):
                    self._processes.append(_start(self._handles))
            for number, one in enumerate(self._processes):
                _send(one, pickle.dumps((self._make, number)))
        except BaseException:
            self._kill()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self._kill()
            return
        for one in self._processes:
            one.pipe.close()
        for one in self._processes:
            try:
                one.process.wait(ENDS_WITHIN_S)
            except subprocess.TimeoutExpired:
                one.process.kill()
                one.process.wait()

    def results(self, tasks: Iterable[Any], on_report: Report) -> Iterator[Any]:
        """The results of tasks, as they come: each process is given the next task when it has done one.

        Raises:
            Exception: a task has raised it.
            WorkerDiedError: a process has ended.
        """
        waiting, busy = deque(tasks), dict[Connection, _Process]()
        for one in self._processes[: len(waiting)]:
            _give(one, waiting, busy)
        while busy:
            for pipe in wait([*busy]):
                assert isinstance(pipe, Connection)
                call, content = _receive(busy[pipe])
                if call is Call.ERROR:
                    raise content
                elif call is Call.REPORT:
                    on_report(content)
                else:
                    one = busy.pop(pipe)
                    if waiting:
                        _give(one, waiting, busy)
                    yield content

    def each(self, task: Any) -> list[Any]:
        """The result of one task in every process, in their order; what they report is dropped.

        Raises:
            Exception: as of `results`.
        """
        for one in self._processes:
            _send(one, pickle.dumps(task))
        found = []
        for one in self._processes:
            call, content = _receive(one)
            while call is Call.REPORT:
                call, content = _receive(one)
            if call is Call.ERROR:
                raise content
            found.append(content)
        return found

    def _kill(self) -> None:
        for one in self._processes:
            one.process.kill()
        for one in self._processes:
            one.process.wait()
            one.pipe.close()


def _start(handles: Sequence[int]) -> _Process:
    ours, theirs = Pipe()
    try:
        program = _PROGRAM.format(path=sys.path, number=theirs.fileno())
        process = subprocess.Popen(
            [sys.executable, "-c", program],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=(theirs.fileno(), *handles),
        )
    except BaseException:
        ours.close()
        raise
    finally:
        theirs.close()
    return _Process(process, ours)


@contextmanager
def _signals_blocked() -> Iterator[None]:
    """What is started in the block never has the signals that end this process, which come to it afterwards."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _give(one: _Process, waiting: deque[Any], busy: dict[Connection, _Process]) -> None:
    _send(one, pickle.dumps(waiting.popleft()))
    busy[one.pipe] = one


def _send(one: _Process, message: bytes) -> None:
    try:
        one.pipe.send_bytes(message)
    except OSError:
        raise _died(one) from None


def _receive(one: _Process) -> tuple[Call, Any]:
    try:
        call, content = pickle.loads(one.pipe.recv_bytes())
    except (EOFError, OSError):
        raise _died(one) from None
    return Call(call), content


def _died(one: _Process) -> WorkerDiedError:
    try:
        code: int | str = one.process.wait(ENDS_WITHIN_S)
    except subprocess.TimeoutExpired:
        code = "unknown"
    return WorkerDiedError(
        f"a process that shared the work has ended (code {code}), probably for lack of memory:"
        " try --workers 1, or fewer contacts with --sample"
    )


# ---------------------------------------------------------------- in the process


def serve(number: int) -> None:
    """Do tasks that come through a pipe, of which the other process has the other end, until that is gone."""
    pipe = Connection(number)
    try:
        make, own = pickle.loads(pipe.recv_bytes())
        worker: Worker | None = None
        while True:
            task = pickle.loads(pipe.recv_bytes())
            try:
                worker = worker or make(own)
                result = worker.do(task, lambda report: _say(pipe, Call.REPORT, report))
            except (BrokenPipeError, ConnectionResetError):
                return
            except Exception as error:  # noqa: BLE001 - raised again where the task came from
                _say(pipe, Call.ERROR, _with_trace(error))
            else:
                _say(pipe, Call.RESULT, result)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return


def _say(pipe: Connection, call: Call, content: Any) -> None:
    pipe.send_bytes(pickle.dumps((call, content)))


def _with_trace(error: Exception) -> Exception:
    """What is no fault of the input says where it came from, as the traceback does not travel."""
    if not isinstance(error, UnusableError):
        error.add_note("in a process that shared the work:\n" + "".join(traceback.format_exception(error)))
    return error
