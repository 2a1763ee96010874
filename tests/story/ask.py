# SPDX-License-Identifier: MIT
# ask.py COMMAND...: plays a person at a terminal in front of COMMAND. Lines
# of standard input say what: "want TEXT" waits for it on the screen, "type
# TEXT" types it and Enter, "key C" types Ctrl-C and the like, "signal NAME"
# sends one, "hidden" and "shown" say what the terminal does with what is
# typed. Prints the screen; its
# exit status is that of COMMAND, 128 and more of a signal, 99 of a want that
# was not met in 20 s.
import os
import pty
import select
import signal
import sys
import termios
import time

LIMIT = 20
steps = sys.stdin.read().splitlines()
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
screen, seen = b"", 0


def read_some(seconds):
    global screen
    if not select.select([fd], [], [], seconds)[0]:
        return True
    try:
        got = os.read(fd, 4096)
    except OSError:
        got = b""
    screen += got
    return got != b""


def want(text):
    global seen
    end = time.monotonic() + LIMIT
    alive = True
    while True:
        at = screen.find(text, seen)
        if at >= 0:
            seen = at + len(text)
            return
        if not alive or time.monotonic() > end:
            fail("no " + repr(text))
        alive = read_some(0.1)


def fail(why):
    sys.stdout.write(screen.decode(errors="replace") + "\nASK: " + why + "\n")
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    sys.exit(99)


def echo(shown):
    end = time.monotonic() + LIMIT
    while bool(termios.tcgetattr(fd)[3] & termios.ECHO) != shown:
        if time.monotonic() > end:
            fail("the terminal is not " + ("shown" if shown else "hidden"))
        time.sleep(0.02)


for step in steps:
    word, _, text = step.partition(" ")
    if word == "want":
        want(text.encode())
    elif word == "type":
        os.write(fd, text.encode() + b"\n")
    elif word == "key":
        os.write(fd, bytes([ord(text) - 64]))
    elif word == "signal":
        os.kill(pid, getattr(signal, "SIG" + text))
    elif word in ("hidden", "shown"):
        echo(word == "shown")
    else:
        fail("no step " + step)
end = time.monotonic() + LIMIT
while read_some(0.1) and time.monotonic() < end:
    pass
if time.monotonic() > end:
    fail("it does not end")
_, status = os.waitpid(pid, 0)
sys.stdout.write(screen.decode(errors="replace").replace("\r", ""))
if os.WIFSIGNALED(status):
    sys.exit(128 + os.WTERMSIG(status))
sys.exit(os.WEXITSTATUS(status))
