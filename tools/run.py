"""Executes notebooks in place; flagged cells are left alone and keep the outputs that they have."""
import argparse
import os
import re
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbdev.clean import nbdev_clean
from nbdev.config import get_config

ROOT = Path(__file__).resolve().parent.parent
PLACE = re.compile(r"^\S+\.py:\d+: (\w*Warning: .*)\n(?:  .*\n)?", re.M)  # of a warning, on one machine, and its line

TEMPORARY = re.compile(re.escape(tempfile.gettempdir()) + r"/\w+/")


def without_places(nb):
    "The notebook; what it prints on standard error names no file of this machine"
    for c in nb.cells:
        for out in c.get("outputs", []):
            if out.get("name") == "stderr":
                out["text"] = TEMPORARY.sub("", PLACE.sub(r"\1\n", out["text"]))
    return nb


def run(fn, skip):
    "Executes the notebook at `fn` but for cells flagged with a word of `skip`; writes nothing if a cell fails."
    flag = re.compile(r"^#\| *(%s)\b" % "|".join([*skip, "eval: *false"]), re.M)
    nb = nbformat.read(fn, as_version=4)
    for c in nb.cells:
        if c.cell_type == "code" and flag.search(c.source):
            c.metadata["tags"] = ["skip-execution"]  # nbclient's own tag; nbdev_clean takes it off again
    NotebookClient(nb, timeout=None, resources={"metadata": {"path": str(fn.parent)}}).execute()
    nbformat.write(without_places(nb), fn)
    nbdev_clean.__wrapped__(fname=str(fn))


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument("notebooks", nargs="*", type=Path, help="default: all of nbs/")
    ap.add_argument("--flags", default="", help='flags to execute as well, such as "slow cuda"')
    args = ap.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # sums depend on the number of threads
    skip = set(get_config(path=ROOT).tst_flags.split()) - set(args.flags.split())
    for fn in args.notebooks or sorted((ROOT / "nbs").glob("*.ipynb")):
        print(fn, flush=True)
        run(fn.resolve(), sorted(skip))


if __name__ == "__main__":
    main()
