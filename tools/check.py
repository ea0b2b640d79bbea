"""Checks that what is committed agrees with itself: prints each failure in a line, and exits 1 if there is one."""
import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
from nbdev.clean import nbdev_clean
from nbdev.doclinks import nbdev_export

import book

ROOT = Path(__file__).resolve().parent.parent
MODULE_OF = {"99_main": "__main__"}  # the one stem that differs from its module
MAX_BYTES = 1_000_000
PATHS = re.compile(r"(?<![\w.~*)}-])/(home|root|tmp|work|Users)/|\bC:\\+\w")
INDEX = re.compile(
    r"pypi\.org|pythonhosted\.org|pytorch\.org/whl|npmjs\.org|anaconda\.org"
    r"|index[-_]url|looking in [i]ndexes|https?://[^\s\"'<>)]*/simple\b",
    re.I,
)


def git(*args):
    "What git prints."
    return subprocess.run(["git", *args], check=True, capture_output=True, encoding="utf-8").stdout


def changes():
    "Files of the three generated or exported places that differ from the last commit."
    return git("status", "--porcelain", "-uall", "--", "heurlens", "nbs", "README.md").splitlines()


def sync():
    "Notebooks are clean, and modules and README.md are what they give."
    if before := changes():
        return [f"not committed yet, so not compared: {line}" for line in before]
    for fn in Path("heurlens").rglob("*.py"):
        fn.unlink()
    nbdev_clean.__wrapped__()
    nbdev_export.__wrapped__()
    Path("README.md").write_text(book.readme(), encoding="utf-8", newline="\n")
    return [f"not what the notebooks give, now rewritten (see git diff, commit): {line}" for line in changes()]


def pairs():
    "One notebook, one module, same stem."
    bad, modules = [], {}
    for fn in sorted(Path("nbs").rglob("*.ipynb")):
        want = MODULE_OF.get(fn.stem, re.sub(r"^\d+_", "", fn.stem))
        code = "\n".join(c.source for c in nbformat.read(fn, as_version=4).cells if c.cell_type == "code")
        for name in re.findall(r"^#\| *default_exp +(\S+)", code, re.M):
            if name != want:
                bad.append(f"{fn}: exports to {name}, its stem says {want}")
            if modules.setdefault(name, fn.name) != fn.name:
                bad.append(f"{fn}: exports to {name}, and so does {modules[name]}")
    for fn in sorted(Path("heurlens").rglob("*.py")):
        if fn.name in ("__init__.py", "_modidx.py"):
            continue
        sources = set(re.findall(r"^# %% \S*nbs/(\S+\.ipynb)", fn.read_text(encoding="utf-8"), re.M))
        if sources != {modules.get(fn.stem)}:
            bad.append(f"{fn}: must come from one notebook of its name, comes from {sorted(sources) or 'none'}")
    return bad


def imports():
    "Modules need no development tool, and no notebook to be imported."
    bad = []
    for fn in sorted(Path("heurlens").rglob("*.py")):
        for node in ast.walk(ast.parse(fn.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            bad += [f"{fn}:{node.lineno}: imports {n}" for n in names if n.split(".")[0] in ("fastcore", "nbdev")
                    or node.col_offset == 0 and n.split(".")[0] in ("IPython", "matplotlib_inline")]
    return bad


def texts():
    "No path of a machine and no package index in a text file, outputs and results included."
    bad = []
    for name in git("ls-files", "-co", "--exclude-standard", "-z").split("\0"):
        data = Path(name).read_bytes() if name and Path(name).is_file() else b""
        if b"\0" in data:
            continue
        for i, line in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
            for what, pattern in (("path of a machine", PATHS), ("package index", INDEX)):
                if m := pattern.search(line):
                    bad.append(f"{name}:{i}: {what}: {line[m.start():m.end() + 30].strip()}")
    return bad


def sizes():
    "No notebook is too large to review."
    found = ((fn, fn.stat().st_size) for fn in sorted(Path("nbs").rglob("*.ipynb")))
    return [f"{fn}: {n:,} bytes, at most {MAX_BYTES:,}" for fn, n in found if n > MAX_BYTES]


def main():
    os.chdir(ROOT)
    failures = 0
    for check in (sync, pairs, imports, texts, sizes):
        bad = check()
        failures += len(bad)
        print(f"{check.__name__}: {'FAILED' if bad else 'ok'}", *bad, sep="\n  ", flush=True)
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
