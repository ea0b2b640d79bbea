"""Shows that killed runs end as undisturbed ones do: kills `heurlens run` at random moments, lets it go on, compares every result."""
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
from heurlens.core import plain, provenance, write_atomic

ROOT, ARGS = Path(__file__).resolve().parent.parent, ["run", "connectivity", "--seeds", "1", "--workers", "2", "--quiet", "--every", "0"]


def run(out, budget, seconds=None, copies=1):
    "Did the command (or several `copies` at once) on `out` have to be killed, with all its processes, after `seconds`? Exits where it fails by itself."
    argv = [sys.executable, "-m", "heurlens", *ARGS, "--budget", str(budget), "--out", str(out)]
    procs = [subprocess.Popen(argv, cwd=ROOT, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) for _ in range(copies)]
    try:
        for p in procs:
            _, err = p.communicate(timeout=seconds)
            if p.returncode:
                sys.exit(f"the command failed with status {p.returncode}: {err.strip()[-2000:]}")
        return False
    except subprocess.TimeoutExpired:
        return True
    finally:
        for p in procs:
            if p.poll() is None:
                os.killpg(p.pid, signal.SIGKILL)
                p.communicate()


def results(out):
    "{run: {field of its result: text}} of the records in a folder."
    found = {p.parent.relative_to(out): json.loads(p.read_text(encoding="utf-8"))["result"] for p in Path(out).rglob("record.json")}
    return {str(name): {k: json.dumps(v, sort_keys=True) for k, v in result.items()} for name, result in found.items()}


def compare(got, ref):
    "Exits with the first record and field in which the results `got` differ from `ref`."
    for name in sorted(set(got) | set(ref)):
        here, there = got.get(name, {}), ref.get(name, {})
        for k in sorted(set(here) | set(there)):
            if here.get(k) != there.get(k):
                sys.exit(f"{name}: {k} differs: {str(here.get(k))[:200]} and, undisturbed, {str(there.get(k))[:200]}")


def kills(out, took, rng, most, budget):
    "(a line a kill of the run on `out`: one, and another with probability 1/2, `most` at most; seconds that a whole run takes); then it is let to finish."
    at, begin = [], time.monotonic()
    while len(at) < most and (not at or rng.random() < 0.5):
        moment = rng.uniform(0.2 * took, took)
        if not run(out, budget, moment):
            took = took if at else time.monotonic() - begin
            break  # done before the kill came, as the machine is less busy now
        left = sum(len(p.stem) == 16 and not (p.parent / "record.json").exists() for p in Path(out).rglob("*.safetensors"))  # named by a key
        at.append(f"{moment:.1f} s after its start, {left} half-trained")
    run(out, budget)
    return at, took


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument("--kills", type=int, default=20)
    ap.add_argument("--seed", type=int, default=0)
    ap.add_argument("--budget", type=float, default=0.1, help="multiplies every training length")
    ap.add_argument("--out", type=Path, help="folder for a record of the kills, such as results/bench")
    ap.add_argument("--together", action="store_true", help="no kills: two processes make the same runs at once")
    args = ap.parse_args()
    rng, done, begin = random.Random(args.seed), 0, time.monotonic()
    with tempfile.TemporaryDirectory() as d:
        run(f"{d}/ref", args.budget)
        took, ref = time.monotonic() - begin, results(f"{d}/ref")
        print(f"reference: {len(ref)} records in {took:.1f} s", flush=True)
        if args.together:
            run(f"{d}/both", args.budget, copies=2)
            return compare(results(f"{d}/both"), ref) or print(f"2 processes at once: all {len(ref)} results equal")
        while done < args.kills:
            out = tempfile.mkdtemp(dir=d)
            at, took = kills(out, took, rng, args.kills - done, args.budget)
            compare(results(out), ref)
            done += len(at)
            print(f"killed {', then '.join(at) or 'never, done too soon'}: {len(ref)} results equal", flush=True)
    print(f"{done} kills: all results equal")
    if args.out:
        record(args.out, done, len(ref), args.budget, time.monotonic() - begin)


def record(out, kills, runs, budget, took):
    "Writes what was shown as a record beside the benches'."
    what = f"runs that end as undisturbed ones do, after {kills} kills"
    share = measured(what, [1.0] * kills, "share", goal=1.0)
    rec = {"result": {"measures": [share], "kills": kills, "runs": runs, "budget": budget}, "provenance": {"bench": "kills", "quick": False, "seconds": round(took, 1), **provenance()}}
    write_atomic(out / "kills-cpu.json", lambda f: f.write_text(json.dumps(plain(rec), sort_keys=True, indent=1) + "\n", encoding="utf-8"))


if __name__ == "__main__":
    main()
