#!/bin/sh
# Print the full path of the first Python among the given versions (3.11 3.12 ...) that runs and can make
# virtual environments. Looks at PATH, then at pyenv's installations; a pyenv shim is followed to what it stands for.
for version in "$@"; do
    for candidate in "python$version" python3 "${PYENV_ROOT:-$HOME/.pyenv}/versions/$version".*/bin/python; do
        path=$("$candidate" -c "
import ensurepip, os, sys, venv
if sys.version_info[:2] == tuple(map(int, '$version'.split('.'))):
    print(os.path.realpath(sys.executable))" 2>/dev/null)
        if [ -n "$path" ]; then
            echo "$path"
            exit 0
        fi
    done
done
exit 1
