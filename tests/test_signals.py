import signal
import subprocess
import sys
import threading
import time

import pytest

from heldout.errors import StudyInterrupted
from heldout.signals import StopFlag, catch_signals, stop_if_requested, stop_requested

# Computes in a native call that Python's own handlers cannot interrupt, as a compilation does.
BUSY = """
import sys, time
from heldout.signals import catch_signals, stop_requested
with catch_signals() as flag:
    print("ready", flush=True)
    {work}
    sys.exit(flag.exit_code)
"""
POLLING = """deadline = time.monotonic() + 20
    while not stop_requested() and time.monotonic() < deadline: time.sleep(0.01)"""


@pytest.fixture
def start():
    started = []

    def run(work):
        command = [sys.executable, "-c", BUSY.format(work=work)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout.readline() == "ready\n"
        return process

    yield run
    for process in started:
        process.kill()
        with process:  # closes its pipes and waits
            pass


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_first_signal_sets_the_flag(number, code):
    with catch_signals() as flag:
        assert not stop_requested()
        stop_if_requested()
        signal.raise_signal(number)
        assert stop_requested()
        assert flag.exit_code == code
        with pytest.raises(StudyInterrupted, match=str(code)):
            stop_if_requested()
    assert not stop_requested()


def test_first_signal_decides_the_code():
    with catch_signals() as flag:
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGINT)
        assert flag.exit_code == 143


def test_former_handlers_are_put_back():
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)

    def fail():
        with catch_signals():
            assert signal.getsignal(signal.SIGINT) is not before[0]
            raise KeyError("x")

    with pytest.raises(KeyError, match="x"):
        fail()
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
    assert not any(thread.name == "signals" for thread in threading.enumerate())


def test_outside_the_main_thread_nothing_is_installed():
    seen = []

    def work():
        before = signal.getsignal(signal.SIGINT)
        with catch_signals() as flag:
            seen.append((flag.exit_code, signal.getsignal(signal.SIGINT) is before))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [(0, True)]


def test_signal_delivered_twice_by_a_wrapper_is_one():
    flag = StopFlag()
    assert [flag.is_second_interrupt(now) for now in (5.0, 5.01, 5.5)] == [False, False, True]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_polling_process_ends_by_itself(start, number, code):
    process = start(POLLING)
    process.send_signal(number)
    assert process.wait(10) == code


def test_second_interrupt_leaves_at_once_when_the_process_does_not_poll(start):
    process = start("time.sleep(0) or [time.sleep(0.01) for _ in range(2000)]")
    process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    assert process.wait(5) == 130
    assert "left at once" in process.stderr.read()


def test_second_interrupt_leaves_even_from_a_native_call(start):
    # A native call that has let go of Python's lock, as JAX does while it compiles or computes.
    process = start("import hashlib; hashlib.pbkdf2_hmac('sha256', b'x', b'y', 100_000_000)")
    process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    assert process.wait(5) == 130


def test_terminating_twice_still_stops_gently(start):
    process = start(POLLING.replace("not stop_requested() and", "").replace("+ 20", "+ 1"))
    process.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 143
