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
# the file that a warning names, which lies elsewhere on each machine, and the line that it shows
PLACE = re.compile(r"^\S+\.py:\d+: (\w*Warning: .*)\n(?:  .*\n)?", re.M)
TEMPORARY = re.compile(re.escape(tempfile.gettempdir()) + r"/\w+/")


def without_places(nb):
    "The notebook; what it prints on standard error names no file of this machine"
    for cell in nb.cells:
        for out in cell.get("outputs", []):
            if out.get("name") == "stderr":
                out["text"] = TEMPORARY.sub("", PLACE.sub(r"\1\n", out["text"]))
    return nb


def run(fn, skip):
    "Execute the notebook at `fn` without the cells flagged `skip`; if one fails, write nothing"
    words = "|".join([*skip, "eval: *false"])
    flag = re.compile(rf"^#\| *({words})\b", re.M)
    nb = nbformat.read(fn, as_version=4)
    for cell in nb.cells:
        if cell.cell_type == "code" and flag.search(cell.source):
            cell.metadata["tags"] = ["skip-execution"]  # nbclient's own tag; nbdev_clean removes it
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
    for fn in args.notebooks or sorted((ROOT / "nbs").rglob("*.ipynb")):
        print(fn, flush=True)
        run(fn.resolve(), sorted(skip))


if __name__ == "__main__":
    main()
