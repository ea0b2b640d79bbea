"""Writes README.md from nbs/index.ipynb; --check only compares, and exits 1 if they differ."""

import argparse
import re
import sys
from pathlib import Path

import nbformat
from nbconvert import MarkdownExporter

ROOT = Path(__file__).resolve().parent.parent


def plain(fn):
    "The notebook at `fn` as a reader wants it: no nbdev directives, no hidden cells."
    nb = nbformat.read(fn, as_version=4)
    nb.metadata["language_info"] = {"name": "python"}  # labels the fences
    nb.cells = [c for c in nb.cells if not re.search(r"^#\| *(hide|default_exp)\b", c.source, re.M)]
    for c in (c for c in nb.cells if c.cell_type == "code"):
        if re.search(r"^#\| *echo: *false", c.source, re.M):
            c.metadata["transient"] = {"remove_source": True}  # nbconvert's own switch: output only
        c.source = re.sub(r"^#\|.*\n?", "", c.source, flags=re.M)
    return nb


def readme():
    "The text of README.md; links that are relative to nbs/ become relative to the root."
    text, resources = MarkdownExporter().from_notebook_node(plain(ROOT / "nbs/index.ipynb"))
    if resources["outputs"]:
        sys.exit(
            "nbs/index.ipynb: an output holds a picture; link to a file in results/figures instead"
        )
    text = re.sub(r"""(\]\(|src="|href=")\.\./""", r"\1", text)
    text = re.sub(r"""(\]\(|href=")(?=[\w/-]+\.ipynb)""", r"\1nbs/", text)
    return text.strip() + "\n"


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument("--check", action="store_true", help="write nothing")
    check = ap.parse_args().check
    fn, text = ROOT / "README.md", readme()
    if not check:
        fn.write_text(text, encoding="utf-8", newline="\n")
    elif not fn.exists() or fn.read_text(encoding="utf-8") != text:
        sys.exit("README.md is not what nbs/index.ipynb gives: run `python tools/book.py`")


if __name__ == "__main__":
    main()
