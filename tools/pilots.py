"""Makes the pilots of scale digits again, on which settings were chosen: python tools/pilots.py

From committed source, in minutes on two cores. The records go to results/pilots, where the
chapters read them. Seeds of 100 and up, so that no pilot is among the runs that are judged.
"""

import argparse
import importlib
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from heurlens.files import provenance
from heurlens.records import Store
from heurlens.report import record_text
from heurlens.running import MODULES, chapter

ROOT = Path(__file__).resolve().parent.parent
SEEDS = {"connectivity": (100, 101), "warmup": (100, 101)}  # of most: 100, 101 and 102


def with_needed(cfg, store):
    "The record of a run, after those that it needs"
    whole = chapter(cfg.chapter)
    table = whole.runs(cfg.scale, cfg.seed)
    for name in cfg.needs:
        if store.read(cfg, name=name) is None:
            with_needed(table[name], store)
    return whole.experiment(cfg, store)


def make(out, name, seed):
    "{file name: text} of the pilot records of a module and seed"
    module, texts = importlib.import_module(f"heurlens.{name}"), {}
    for cfg in module.pilots(seed=seed).values():
        record = with_needed(cfg, Store(Path(out) / name))
        stem = cfg.name.replace(", ", "-").replace(" ", "-")
        texts[f"{stem}-s{seed}.json"] = record_text(record)
    return texts


def main():
    "Make the pilots of all modules of chapters, or of those that are named"
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument("modules", nargs="*", help="of the chapters; default: all")
    wanted = ap.parse_args().modules
    if str(provenance()["revision"]).endswith("+"):
        sys.exit("pilots are made from committed source: commit the change first")
    names = [name for names in MODULES.values() for name in names]
    chosen = [name for name in names if name in (wanted or names)]
    jobs = [(name, seed) for name in chosen for seed in SEEDS.get(name, (100, 101, 102))]
    with tempfile.TemporaryDirectory() as out, ProcessPoolExecutor() as pool:
        for (name, _), texts in zip(jobs, pool.map(partial(make, out), *zip(*jobs))):
            folder = ROOT / "results/pilots/digits" / name
            folder.mkdir(parents=True, exist_ok=True)
            for file, text in texts.items():
                (folder / file).write_text(text, encoding="utf-8")
            print(name, len(texts), "records")


if __name__ == "__main__":
    main()
