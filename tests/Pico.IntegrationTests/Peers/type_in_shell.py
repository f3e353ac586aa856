"""Types into an interactive shell on a terminal, as a person does, and prints what the terminal shows.

Usage: type_in_shell.py SETUP LINE WANTED... -- SHELL ARGUMENT...
Runs the shell, gives it SETUP, then types LINE and presses Tab (twice: shells list what they find the second time), and again every five seconds: a server that is asked has one second to
answer. Ends with 0 as soon as every WANTED, a regular expression, was seen after that, else with 1 after 30 seconds.
"""
import os
import pty
import re
import select
import sys
import time

READY = "ready-for-" + "input"
ESCAPES = re.compile(rb"\x1b(\[[0-9;?>=]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[=>]|[()][0-9A-Za-z])|[\x00-\x07\x0e-\x1a]|\r")


def main():
    split = sys.argv.index("--")
    setup, line, *wanted = sys.argv[1:split]
    shell = sys.argv[split + 1:]
    deadline = time.monotonic() + 30
    child, terminal = pty.fork()
    if child == 0:
        os.environ.update(TERM="xterm", COLUMNS="150", LINES="60", PS1="> ")
        os.execvp(shell[0], shell)

    def read_until(patterns, again=b""):
        seen = b""
        asked = time.monotonic()
        while time.monotonic() < deadline:
            if again and time.monotonic() - asked > 5:
                asked = time.monotonic()
                os.write(terminal, again)
            readable, _, _ = select.select([terminal], [], [], 0.2)
            if readable:
                try:
                    seen += os.read(terminal, 65536)
                except OSError:
                    return seen, False
            text = ESCAPES.sub(b"", seen).decode(errors="replace")
            if all(re.search(p, text) for p in patterns):
                return seen, True
        return seen, False

    os.write(terminal, (setup + "\necho ready-for-'input'\n").encode())
    seen, ready = read_until([READY])
    if ready:
        os.write(terminal, (line + "\t\t").encode())
        seen, ready = read_until(wanted, again=b"\t\t")
    print(ESCAPES.sub(b"", seen).decode(errors="replace"))
    os.kill(child, 9)
    os.waitpid(child, 0)
    sys.exit(0 if ready else 1)


main()
