"""Run a command on a terminal of its own, and make of what it wrote what a person would see there."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time

ESCAPE = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])")


def capture(words, cwd=None, columns=80, rows=50, env=None, timeout=60):
    """(exit code, the bytes as text) of a command whose input, output and errors are a terminal."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    process = subprocess.Popen(words, cwd=cwd, stdin=slave, stdout=slave, stderr=slave, env={**os.environ, "TERM": "xterm-256color", **(env or {})},
                               start_new_session=True)
    os.close(slave)
    end, data = time.monotonic() + timeout, b""
    while True:
        ready, _, _ = select.select([master], [], [], max(0, end - time.monotonic()))
        try:
            piece = os.read(master, 65536) if ready else b""
        except OSError:  # nobody has the other end any more
            piece = b""
        if not piece:
            break
        data += piece
    if time.monotonic() >= end:
        process.kill()
    os.close(master)
    return process.wait(timeout=10), data.decode()


def screen(text):
    """[[(style, character), ...], ...]: what is left of lines after carriage returns, erased lines and styles."""
    lines, line, at, style, position = [], [], 0, "", 0
    while position < len(text):
        escape = ESCAPE.match(text, position)
        if escape:
            position = escape.end()
            if escape.group(2) == "m":
                style = "" if escape.group(1) in ("", "0") else escape.group(1)
            elif escape.group(2) == "K":
                del line[at:]
            continue
        character = text[position]
        position += 1
        if character == "\n":
            lines.append(line)
            line, at = [], 0
        elif character == "\r":
            at = 0
        else:
            line[at:at + 1] = [(style, character)]
            at += 1
    return lines + ([line] if line else [])


def plain(text):
    return ["".join(character for _, character in line) for line in screen(text)]
