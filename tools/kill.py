"""Kills `heurlens run` at random moments, lets it continue, and compares every result.

A run that was killed has to end with the results of an undisturbed one.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from heurlens.bench import measured
from heurlens.records import plain, provenance, write_atomic

ROOT = Path(__file__).resolve().parent.parent
ARGS = ["run", "connectivity", "--seeds", "1", "--workers", "2", "--quiet", "--every", "0"]


def start(out, budget):
    "The command on the folder `out`, in a process group of its own"
    command = [sys.executable, "-m", "heurlens", *ARGS, "--budget", str(budget), "--out", str(out)]
    pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, cwd=ROOT, start_new_session=True, **pipes)


def run(out, budget, seconds=None, copies=1):
    """Run the command on `out`, in several copies at once, and kill it after `seconds`

    True if it had to be killed. Exits if the command fails by itself.
    """
    processes = [start(out, budget) for _ in range(copies)]
    try:
        for process in processes:
            _, err = process.communicate(timeout=seconds)
            if process.returncode:
                text = err.strip()[-2000:]
                sys.exit(f"the command failed with status {process.returncode}: {text}")
        return False
    except subprocess.TimeoutExpired:
        return True
    finally:
        for process in processes:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.communicate()


def results(out):
    "{run: {entry of its result: text}} of the records below a folder"
    texts = {}
    for path in Path(out).rglob("record.json"):
        result = json.loads(path.read_text(encoding="utf-8"))["result"]
        name = str(path.parent.relative_to(out))
        texts[name] = {k: json.dumps(v, sort_keys=True) for k, v in result.items()}
    return texts


def compare(got, reference):
    "Exit with the first record and entry in which the results `got` differ from the reference"
    for name in sorted(set(got) | set(reference)):
        a, b = got.get(name, {}), reference.get(name, {})
        for k in sorted(set(a) | set(b)):
            if a.get(k) != b.get(k):
                texts = f"{str(a.get(k))[:200]} and, undisturbed, {str(b.get(k))[:200]}"
                sys.exit(f"{name}: {k} differs: {texts}")


def half_trained(out):
    "Number of runs whose training is saved and not done; the name of such a file is a key"
    saved = (p for p in Path(out).rglob("*.safetensors") if len(p.stem) == 16)
    return sum(not (p.parent / "record.json").exists() for p in saved)


def kill_and_finish(out, took, rng, most, budget):
    """Kill the run on `out` once, again with probability 1/2 (`most` times at most), let it finish

    (one line per kill, seconds that a whole run takes)
    """
    lines, begin = [], time.monotonic()
    while len(lines) < most and (not lines or rng.random() < 0.5):
        moment = rng.uniform(0.2 * took, took)
        if not run(out, budget, moment):
            if not lines:  # done before the kill came, as the machine is less busy now
                took = time.monotonic() - begin
            break
        lines.append(f"{moment:.1f} s after its start, {half_trained(out)} half-trained")
    run(out, budget)
    return lines, took


def kill_often(folder, took, reference, args):
    "Kill as often as asked, and compare the results each time; the number of kills"
    rng, done = random.Random(args.seed), 0
    while done < args.kills:
        out = tempfile.mkdtemp(dir=folder)
        lines, took = kill_and_finish(out, took, rng, args.kills - done, args.budget)
        compare(results(out), reference)
        done += len(lines)
        killed = ", then ".join(lines) or "never, done too soon"
        print(f"killed {killed}: {len(reference)} results equal", flush=True)
    return done


def write_record(out, kills, runs, budget, took):
    "Write what was shown as a record beside those of the benches"
    what = f"runs that end as undisturbed ones do, after {kills} kills"
    share = measured(what, [1.0] * kills, "share", goal=1.0)
    result = {"measures": [share], "kills": kills, "runs": runs, "budget": budget}
    source = {"bench": "kills", "quick": False, "seconds": round(took, 1), **provenance()}
    record = {"result": result, "provenance": source}
    text = json.dumps(plain(record), sort_keys=True, indent=1) + "\n"
    write_atomic(out / "kills-cpu.json", lambda f: f.write_text(text, encoding="utf-8"))


def arguments():
    "The arguments of the command"
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument("--kills", type=int, default=20)
    ap.add_argument("--seed", type=int, default=0)
    ap.add_argument("--budget", type=float, default=0.1, help="multiplies every training length")
    ap.add_argument("--out", type=Path, help="folder for a record, such as results/bench")
    ap.add_argument("--together", action="store_true", help="no kills: two processes at once")
    return ap.parse_args()


def main():
    args, begin = arguments(), time.monotonic()
    with tempfile.TemporaryDirectory() as d:
        run(f"{d}/reference", args.budget)
        took, reference = time.monotonic() - begin, results(f"{d}/reference")
        print(f"reference: {len(reference)} records in {took:.1f} s", flush=True)
        if args.together:
            run(f"{d}/together", args.budget, copies=2)
            compare(results(f"{d}/together"), reference)
            print(f"2 processes at once: all {len(reference)} results equal")
            return
        done = kill_often(d, took, reference, args)
    print(f"{done} kills: all results equal")
    if args.out:
        write_record(args.out, done, len(reference), args.budget, time.monotonic() - begin)


if __name__ == "__main__":
    main()
