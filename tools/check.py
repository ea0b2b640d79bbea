"""Checks that what is committed agrees with itself; prints each failure on a line of its own."""

import argparse
import ast
import io
import os
import re
import statistics
import subprocess
import sys
import tokenize
from pathlib import Path
from typing import NamedTuple

import book
import nbformat
from nbdev.clean import nbdev_clean
from nbdev.doclinks import nbdev_export

ROOT = Path(__file__).resolve().parent.parent
# False: a public name without annotations is listed and fails nothing
MUST_ANNOTATE = False
LENSES = ("mode_connectivity", "cca")  # packages; the modules of all other folders lie flat
MODULE_OF = {"99_main": "__main__", "98_names": "__init__"}  # stems that differ from their module
MAX_BYTES = 1_000_000  # of a notebook
MAX_MEDIAN, MAX_LINES, MAX_COLUMNS = 12, 40, 100  # of exported cells, and of code
PATHS = re.compile(r"(?<![\w.~*)}-])/(home|root|tmp|work|Users)/|\bC:\\+\w")
INDEX = re.compile(
    r"pypi\.org|pythonhosted\.org|pytorch\.org/whl|npmjs\.org|anaconda\.org"
    r"|index[-_]url|looking in [i]ndexes|https?://[^\s\"'<>)]*/simple\b",
    re.I,
)


class Notebook(NamedTuple):
    "A notebook: its path and its code cells"

    path: Path
    cells: list[str]

    @property
    def module(self):
        "Name of the module below heurlens that it exports to; None if it exports nothing"
        names = re.findall(r"^#\| *default_exp +(\S+)", "\n".join(self.cells), re.M)
        return names[0] if names else None

    @property
    def floor(self):
        "Number of its folder; -1 for nbs/ itself"
        return int(m[0]) if (m := re.match(r"\d+", self.path.parent.name)) else -1

    @property
    def number(self):
        "Its number in the folder; a tour comes after all others"
        if self.path.stem.endswith("_tour"):
            return 1000
        return int(m[0]) if (m := re.match(r"\d+", self.path.stem)) else -1

    @property
    def exported(self):
        "Its exported cells"
        return [c for c in self.cells if re.search(r"^#\| *exporti?\b", c, re.M)]


def notebooks():
    "All notebooks, in the order of a reader"
    for path in sorted(Path("nbs").rglob("*.ipynb")):
        cells = nbformat.read(path, as_version=4).cells
        yield Notebook(path, [c.source for c in cells if c.cell_type == "code"])


def modules():
    "{module below heurlens: path}; a package is named by its folder, heurlens itself __init__"
    names = {}
    for path in sorted(Path("heurlens").rglob("*.py")):
        if path.name != "_modidx.py":
            parts = path.relative_to("heurlens").with_suffix("").parts
            names[".".join(parts)] = path
    return names


def run(*args):
    "What a command prints, and whether it succeeded"
    done = subprocess.run(args, capture_output=True, encoding="utf-8")
    return done.stdout + done.stderr, done.returncode == 0


def git(*args):
    "What git prints"
    return subprocess.run(["git", *args], check=True, capture_output=True, encoding="utf-8").stdout


# --- notebooks and modules


def changes():
    "Files of the three generated or exported places that differ from the last commit"
    return git("status", "--porcelain", "-uall", "--", "heurlens", "nbs", "README.md").splitlines()


def sync():
    "Notebooks are clean, and modules and README.md are what they give"
    if before := changes():
        return [f"not committed yet, so not compared: {line}" for line in before]
    for fn in Path("heurlens").rglob("*.py"):
        fn.unlink()
    nbdev_clean.__wrapped__()
    nbdev_export.__wrapped__()
    Path("README.md").write_text(book.readme(), encoding="utf-8", newline="\n")
    what = "not what the notebooks give, now rewritten (see git diff, commit)"
    return [f"{what}: {line}" for line in changes()]


def expected_module(path):
    "The module that a notebook has to export to: that of its folder and its stem"
    folder = re.sub(r"^\d+_", "", path.parent.name)
    package = f"{folder}." if folder in LENSES else ""
    stem = MODULE_OF.get(path.stem, re.sub(r"^\d+_", "", path.stem))
    return package + ("__init__" if package and stem == "tour" else stem)


def pairs():
    "One notebook, one module: the package of the folder, the name of the stem"
    bad, made_by = [], {}
    for nb in notebooks():
        if nb.module is None:
            if nb.exported:
                bad.append(f"{nb.path}: exports cells and names no module")
            continue
        want = expected_module(nb.path)
        if nb.module != want:
            bad.append(f"{nb.path}: exports to {nb.module}, its place says {want}")
        if made_by.setdefault(nb.module, nb.path) != nb.path:
            bad.append(f"{nb.path}: exports to {nb.module}, and so does {made_by[nb.module]}")
    return bad + unpaired(made_by)


def unpaired(made_by):
    "Modules that do not come from the one notebook that names them"
    bad = []
    for name, path in modules().items():
        text = path.read_text(encoding="utf-8")
        sources = set(re.findall(r"^# %% \S*?(nbs/\S+\.ipynb)", text, re.M))
        if sources != {str(made_by.get(name))}:
            come = f"must come from {made_by.get(name)}, comes from {sorted(sources) or 'none'}"
            bad.append(f"{path}: {come}")
    return bad


# --- imports


def imported(path, name):
    "(line, top level or not, absolute name) of each import in a module, also inside functions"
    package = ["heurlens", *name.split(".")[:-1]]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, node.col_offset == 0, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) + 1 - node.level] if node.level else []
            module = ".".join([*base, *filter(None, [node.module])])
            yield node.lineno, node.col_offset == 0, module
            for alias in node.names:
                yield node.lineno, node.col_offset == 0, f"{module}.{alias.name}"


def imports():
    "Modules need no development tool, and no notebook in order to be imported"
    bad = []
    for name, path in modules().items():
        for line, top, target in imported(path, name):
            package = target.split(".")[0]
            if package in ("fastcore", "nbdev"):
                bad.append(f"{path}:{line}: imports {package}")
            if top and package in ("IPython", "matplotlib_inline"):
                bad.append(f"{path}:{line}: imports {package} when it is imported")
    return sorted(set(bad))


def goes_down(source, target):
    "May the notebook `source` import the module of the notebook `target`?"
    if source.floor == target.floor:
        return source.number > target.number
    return source.floor > target.floor and (source.floor, target.floor) != (2, 1)


def floors():
    "Imports go down: to lower floors, and on a floor to lower numbers; lens 2 never uses lens 1"
    places = {nb.module: nb for nb in notebooks() if nb.module}
    of = {f"heurlens.{name}".removesuffix(".__init__"): nb for name, nb in places.items()}
    bad = []
    for name, path in modules().items():
        source = places.get(name)
        for line, _, target in imported(path, name) if source else ():
            # heurlens itself is imported for its version
            nb = of.get(target) if target != "heurlens" else None
            if nb and nb.module != name and not goes_down(source, nb):
                bad.append(f"{path}:{line}: {source.path} imports {target}, made by {nb.path}")
    return sorted(set(bad))


# --- cells and their code


def body(cell):
    "The lines of a cell that are neither blank nor directives"
    return [line for line in cell.splitlines() if line.strip() and not line.startswith("#|")]


def only_imports(cell):
    "Does a cell hold nothing but imports?"
    try:
        nodes = ast.parse(re.sub(r"^[%!].*$", "", cell, flags=re.M)).body
    except SyntaxError:
        return False
    return all(isinstance(node, (ast.Import, ast.ImportFrom)) for node in nodes)


def long_lines(code):
    "Numbers of the lines with code (not only a string or a comment) beyond the last column"
    prose = (tokenize.STRING, tokenize.COMMENT, tokenize.NEWLINE, tokenize.NL)
    code = re.sub(r"^([%!]|__all__ = ).*$", "", code, flags=re.M)
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(code).readline))
    except (tokenize.TokenError, IndentationError):
        return []
    return sorted({t.end[0] for t in tokens if t.end[1] > MAX_COLUMNS and t.type not in prose})


def cells():
    "Exported cells are short, and no code is wider than a screen"
    bad, sizes = [], []
    for nb in notebooks():
        for i, cell in enumerate(nb.cells, 1):
            lines = long_lines(cell)
            bad += [f"{nb.path}: code cell {i}, line {n}: over {MAX_COLUMNS}" for n in lines]
        for cell in nb.exported:
            if only_imports(cell):
                continue
            lines = body(cell)
            sizes.append(len(lines))
            if len(lines) > MAX_LINES:
                start = next((x for x in lines if re.match(r"(def|class) ", x)), lines[0])
                bad.append(f"{nb.path}: {len(lines)} lines, at most {MAX_LINES}: {start[:60]}")
    median = statistics.median(sizes)
    print(f"  {len(sizes)} exported cells: median {median:g} lines, longest {max(sizes)}")
    if median > MAX_MEDIAN:
        bad.append(f"the median exported cell has {median:g} lines, at most {MAX_MEDIAN}")
    return bad


def formatted():
    "Notebooks and tools are laid out by ruff, and ruff finds nothing"
    bad = []
    for args in (["format", "--check"], ["check", "--output-format", "concise"]):
        text, ok = run(sys.executable, "-m", "ruff", *args, "nbs", "heurlens", "tools")
        bad += [] if ok else [f"ruff {args[0]}: {line}" for line in text.splitlines()]
    return bad


# --- types


def missing_annotations(function, method):
    "The parameters of a function without annotation, and 'return'"
    a = function.args
    named = [*a.posonlyargs, *a.args]
    if method and not any(getattr(d, "id", "") == "staticmethod" for d in function.decorator_list):
        named = named[1:]
    rest = [p for p in (a.vararg, a.kwarg) if p]
    bare = [p.arg for p in (*named, *a.kwonlyargs, *rest) if p.annotation is None]
    needs_return = function.returns is None and function.name != "__init__"
    return bare + ["return"] * needs_return


def public_functions(tree):
    "(name, node, is a method) of the public functions and methods of a module"
    for node in tree.body:
        name = getattr(node, "name", "_")
        if name.startswith("_"):
            continue
        if isinstance(node, ast.FunctionDef):
            yield name, node, False
        if isinstance(node, ast.ClassDef):
            for part in node.body:
                public = isinstance(part, ast.FunctionDef) and (
                    not part.name.startswith("_") or part.name in ("__init__", "__call__")
                )
                if public:
                    yield f"{name}.{part.name}", part, True


def annotated():
    "Public functions and methods have types for all parameters and for what they return"
    bad, n = [], 0
    for path in modules().values():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for name, node, method in public_functions(tree):
            n += 1
            if bare := missing_annotations(node, method):
                bad.append(f"{path}:{node.lineno}: {name} lacks types of {', '.join(bare)}")
    print(f"  {len(bad)} of {n} public functions lack annotations")
    if MUST_ANNOTATE:
        return bad
    print(*(f"  (not required yet) {line}" for line in bad), sep="\n")
    return []


def typed():
    "mypy accepts a program that uses the public names"
    strict = ["--disallow-untyped-calls"] if MUST_ANNOTATE else []
    program = "tools/public_use.py"
    text, ok = run(sys.executable, "-m", "mypy", "--follow-imports=silent", *strict, program)
    return [] if ok else text.splitlines()


# --- texts and sizes


def texts():
    "No path of a machine and no package index in a text file, outputs and results included"
    bad = []
    for name in git("ls-files", "-co", "--exclude-standard", "-z").split("\0"):
        data = Path(name).read_bytes() if name and Path(name).is_file() else b""
        if b"\0" in data:
            continue
        for i, line in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
            for what, pattern in (("path of a machine", PATHS), ("package index", INDEX)):
                if m := pattern.search(line):
                    shown = line[m.start() : m.end() + 30].strip()
                    bad.append(f"{name}:{i}: {what}: {shown}")
    return bad


def sizes():
    "No notebook is too large to review"
    found = ((fn, fn.stat().st_size) for fn in sorted(Path("nbs").rglob("*.ipynb")))
    return [f"{fn}: {n:,} bytes, at most {MAX_BYTES:,}" for fn, n in found if n > MAX_BYTES]


CHECKS = (sync, pairs, imports, floors, cells, formatted, annotated, typed, texts, sizes)


def main():
    names = [check.__name__ for check in CHECKS]
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument("checks", nargs="*", metavar="CHECK", help=f"of {', '.join(names)}; all")
    chosen = ap.parse_args().checks
    if unknown := set(chosen) - set(names):
        ap.error(f"no check is called {', '.join(sorted(unknown))}")
    os.chdir(ROOT)
    failures = 0
    for check in CHECKS:
        if not chosen or check.__name__ in chosen:
            bad = check()
            failures += len(bad)
            state = f"FAILED ({len(bad)})" if bad else "ok"
            print(f"{check.__name__}: {state}", *bad, sep="\n  ", flush=True)
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
