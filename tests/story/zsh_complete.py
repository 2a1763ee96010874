# SPDX-License-Identifier: MIT
# zsh_complete.py FOLDER WORDS: types WORDS and a tab into a zsh that has
# FOLDER/_post365, and prints the line as it is then.
import os
import pty
import select
import sys
import time

folder, words = sys.argv[1:]
RC = f"""unsetopt zle_bracketed_paste 2>/dev/null
fpath=({folder} $fpath)
autoload -Uz compinit && compinit -u -D
show() {{ print -r -- "<line>$BUFFER</line>" >{folder}/zsh.line; BUFFER=; }}
zle -N show
bindkey '^T' show
PS1='ready> '
"""


def read_until(fd, want, seconds):
    got, end = b"", time.monotonic() + seconds
    while want not in got and time.monotonic() < end:
        if select.select([fd], [], [], 0.1)[0]:
            try:
                got += os.read(fd, 4096)
            except OSError:
                break
    return got


with open(os.path.join(folder, ".zshrc"), "w") as rc:
    rc.write(RC)
pid, fd = pty.fork()
if pid == 0:
    os.environ.update(ZDOTDIR=folder, TERM="vt100", HOME=folder)
    os.execvp("zsh", ["zsh", "-i"])
line = os.path.join(folder, "zsh.line")
if os.path.exists(line):
    os.unlink(line)
read_until(fd, b"ready> ", 20)
os.write(fd, words.encode() + b"\t")
read_until(fd, b"\0", 1.5)
os.write(fd, b"\x14")
end = time.monotonic() + 10
while not os.path.exists(line) and time.monotonic() < end:
    read_until(fd, b"\0", 0.2)
text = open(line).read() if os.path.exists(line) else "<line></line>"
os.close(fd)
os.kill(pid, 9)
os.waitpid(pid, 0)
print(text[text.index("<line>") + 6 : text.index("</line>")].rstrip())
