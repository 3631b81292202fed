"""Becomes a program that finds signals ignored and blocked as the first two arguments say, numbers by
commas, and limits of its own: what a shell, nohup or a scheduler may have started it with."""

import os
import resource
import signal
import sys


def numbers(text):
    return {int(number) for number in text.split(",") if number}


ignored, blocked = numbers(sys.argv[1]), numbers(sys.argv[2])
for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
    signal.signal(number, signal.SIG_IGN if number in ignored else signal.SIG_DFL)
os.umask(0o027)
resource.setrlimit(resource.RLIMIT_NOFILE, (333, 444))
signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
os.execvp(sys.argv[3], sys.argv[3:])
