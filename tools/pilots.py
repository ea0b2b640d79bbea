"""Makes the pilots of scale digits again, on which settings were chosen: python tools/pilots.py

From committed source, in minutes on two cores. The records go to results/pilots, where the
chapters read them. Seeds of 100 and up, so that no pilot is among the runs that are judged.
"""

import argparse
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from heurlens import branches, connectivity, distillation, sgdr, warmup
from heurlens.files import provenance
from heurlens.records import Store
from heurlens.report import record_text

ROOT = Path(__file__).resolve().parent.parent
SEEDS = {connectivity: (100, 101), sgdr: (100, 101, 102), warmup: (100, 101)}
SEEDS |= {distillation: (100, 101, 102), branches: (100, 101, 102)}
CHAPTER = {"branches": "sgdr"}  # where a second module of a chapter puts its pilots


def make(out, name, seed):
    "{file name: text} of the pilot records of a chapter and seed"
    chapter = sys.modules[f"heurlens.{name}"]
    texts = {}
    for cfg in chapter.pilots(seed=seed).values():
        record = chapter.experiment(cfg, Store(out))
        stem = cfg.name.replace(", ", "-").replace(" ", "-")
        texts[f"{stem}-s{seed}.json"] = record_text(record)
    return texts


def main():
    "Make the pilots of all chapters, or of those that are named"
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument("chapters", nargs="*", help="default: all")
    wanted = ap.parse_args().chapters
    if str(provenance()["revision"]).endswith("+"):
        sys.exit("pilots are made from committed source: commit the change first")
    names = {chapter.__name__.rpartition(".")[2]: seeds for chapter, seeds in SEEDS.items()}
    jobs = [(n, s) for n, seeds in names.items() if n in (wanted or names) for s in seeds]
    with tempfile.TemporaryDirectory() as out, ProcessPoolExecutor() as pool:
        for (name, _), texts in zip(jobs, pool.map(partial(make, out), *zip(*jobs))):
            folder = ROOT / "results/pilots/digits" / CHAPTER.get(name, name)
            folder.mkdir(parents=True, exist_ok=True)
            for file, text in texts.items():
                (folder / file).write_text(text, encoding="utf-8")
            print(name, len(texts), "records")


if __name__ == "__main__":
    main()
