#!/usr/bin/env python3
"""Measures Afterimage beside what people use today, in the same minutes.

usage: bench.py PROGRAM [PHOTOS] [--rounds N] [--seconds S]

PROGRAM is the built command line, PHOTOS a folder of photos (default:
../shared/photos/camera). Prints a table of medians over the rounds; each
measurement goes as a JSON line to target/bench/DATE.jsonl, too. See
tests/bench/runs/README.md for how to read those.

The peers are the scripts of ../shared/bench. They run in a virtual environment
that is made in target/peers, or by the Python that PEERS_PYTHON names, which
must have the packages of ../shared/bench/requirements.txt. Without them the
table has our figures alone. AFTERIMAGE_SHARED names another place for ../shared.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from statistics import median

TOP = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("AFTERIMAGE_SHARED", TOP.parent / "shared"))
PEERS = SHARED / "bench" / "peer_embed.py"
PEER_SCAN = PEERS.with_name("peer_scan.py")
MODEL = "vit-b-32"


@dataclass
class Row:
    """A line of the table: our figure, and what it is held against."""

    title: str
    unit: str
    ours: tuple
    peer: tuple | None = None
    # How many times the peer's speed, or what figure, we want at least or at most.
    ratio: float | None = None
    at_least: float | None = None
    at_most: float | None = None
    # Of the peer's time we want at most this share.
    share: float | None = None
    # What would be better still.
    stretch: float | None = None


def tower(precision, batch, ratio=None, stretch=None):
    ours = ("image-tower", MODEL, precision, batch)
    peer = (f"onnxruntime {precision}", batch)
    return Row(f"image tower, {precision}, batch {batch}", "images/s", ours, peer, ratio, stretch=stretch)


ROWS = [
    tower("f32", 1, 1.0),
    tower("f32", 8, 1.0),
    tower("f32", 32),
    tower("int8", 1, 1.0),
    tower("int8", 8, 1.1, 1.3),
    tower("int8", 32),
    Row("image tower, starter, batch 8", "images/s", ("image-tower", "starter", "int8", 8)),
    # Texts are computed in f32 whatever the images are.
    Row("text tower, 5 tokens", "ms", ("text-tower", MODEL, "int8", 5)),
    Row("text tower, 12 tokens", "ms", ("text-tower", MODEL, "int8", 12), at_most=10),
    Row("text tower, 77 tokens", "ms", ("text-tower", MODEL, "int8", 77)),
    Row("first text in a new process", "ms", ("first-use", MODEL, "int8")),
    *(
        Row(f"decoding {size} megapixels, {threads}", "photos/s", ("decode", size, threads))
        for size in ("<1", "1-6", "6-12", ">12")
        for threads in ("one thread", "all cores")
    ),
    Row("indexing, int8", "photos/s", ("pipeline", MODEL), ("pipeline",), 2.0, stretch=3.0),
    Row("indexing, its peak memory", "MB", ("memory", MODEL), at_most=900),
    Row("indexing, starter", "photos/s", ("pipeline", "starter"), at_least=25),
    Row("indexing, starter, its peak memory", "MB", ("memory", "starter"), at_most=450),
    Row("first scan of 100,000 files", "s", ("folders", "first"), at_most=60),
    Row("another scan, nothing changed", "s", ("folders", "unchanged"), at_most=3),
    Row("another scan, top folder renamed", "s", ("folders", "renamed")),
    Row("at rest with 100,000 photos, its memory", "MB", ("idle",), at_most=250),
    Row(
        "search among 1,000,000 vectors", "ms",
        ("vectors", 1_000_000), ("faiss int8",), share=0.6, at_most=16,
    ),
    Row("the same, recall at 100", "", ("recall", 1_000_000), at_least=0.999),
    Row("search among 10,000,000 vectors", "ms", ("vectors", 10_000_000)),
    Row("the same, recall at 100", "", ("recall", 10_000_000)),
    *(
        row
        for model, most in ((MODEL, 60), ("starter", 40))
        for row in (
            Row(f"question to 100,000 photos, {model}", "ms", ("query", model), at_most=most),
            Row("the same with three filters", "ms", ("filtered", model), at_most=most),
            Row("opening to the first answer", "ms", ("opened", model), at_most=1000),
            Row("vectors and ids in memory", "MB", ("held", model), at_most=70),
        )
    ),
    *(
        row
        for model in (MODEL, "starter")
        for row in (
            Row(f"tags for 100,000 photos, {model}", "ms", ("tags", model), at_most=10_000),
            Row("the same after one category changed", "ms", ("tag changed", model)),
            Row("a decision on ten of them", "ms", ("tag decided", model)),
        )
    ),
    Row("ranking the library", "ms", ("scan",)),
    Row("a search in a new process, starter", "ms", ("search",)),
]


class Run:
    """The measurements so far, by what a row asks for, and their file."""

    def __init__(self, program, file):
        self.program = program
        self.file = file
        self.figures = defaultdict(list)
        self.round = 0

    def write(self, line):
        self.file.write(json.dumps({**line, "round": self.round}) + "\n")
        self.file.flush()

    def note(self, key, figure):
        self.figures[key].append(figure)

    def bench(self, *arguments, **environment):
        """Runs `PROGRAM bench …` and yields what it measured."""
        command = [self.program, "bench", *map(str, arguments), "--json"]
        for line in lines_of(command, **environment):
            if line["what"] != "machine":
                self.write(line)
                yield line

    def machine(self):
        """Writes down what is measured on, once; returns it."""
        # The quickest of the commands, for its first line.
        command = [self.program, "bench", "embed", "--model", "starter", "--text", "a", "--json"]
        machine = next(lines_of(command))
        git = ["git", "-C", str(TOP), "describe", "--always", "--dirty", "--abbrev=12"]
        commit = subprocess.run(git, capture_output=True, text=True, check=False).stdout.strip()
        machine |= {"commit": commit or None, "date": time.strftime("%Y-%m-%dT%H:%M:%S%z")}
        self.write(machine)
        return machine


def lines_of(command, **environment):
    """The JSON lines that a command prints; ends this program where it fails."""
    environment = {**os.environ, **environment}
    result = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if result.returncode:
        # The last line tells why; those before may be progress and warnings.
        reason = result.stderr.strip().splitlines()[-1:] or ["it gave no reason"]
        sys.exit(f"bench: {' '.join(map(str, command))} failed: {reason[0]}")
    return map(json.loads, result.stdout.splitlines())


def measure_towers(run, seconds):
    for model, precision in ((MODEL, "f32"), (MODEL, "int8"), ("starter", "int8")):
        subject = ("--model", model, "--precision", precision, "--device", "cpu")
        for line in run.bench("embed", *subject, "--seconds", seconds):
            key = (line["what"], model, precision)
            if line["what"] == "image-tower":
                run.note((*key, line["batch"]), line["images_per_s"])
            elif line["what"] == "text-tower":
                run.note((*key, line["tokens"]), line["ms"])
            else:
                run.note(key, 1e3 * line["seconds"])


def measure_decoding(run, photos, seconds):
    for line in run.bench("decode", "--folder", photos, "--seconds", seconds):
        threads = "one thread" if line["threads"] == 1 else "all cores"
        run.note(("decode", line["megapixels"], threads), line["photos_per_s"])


def measure_indexing(run, model, photos):
    subject = ("--model", model, "--precision", "int8", "--device", "cpu")
    for line in run.bench("index", "--folder", photos, *subject):
        run.note(("pipeline", model), line["photos_per_s"])
        if line["peak_bytes"]:
            run.note(("memory", model), line["peak_bytes"] / 1e6)


def many_files(folder, count):
    """Fills a folder with small files under photos' names, a hundred in each folder."""
    for number in range(count):
        if number % 100 == 0:
            within = folder / f"{number // 10_000:02}" / f"{number // 100:04}"
            within.mkdir(parents=True)
        (within / f"IMG_{number:06}.jpg").write_bytes(b"%06d" % number * 100)


def measure_scanning(run):
    """What a scan costs that reads no photo: of new files, of known, of moved ones."""
    with tempfile.TemporaryDirectory() as top, tempfile.TemporaryDirectory() as library:
        photos = Path(top) / "photos"
        many_files(photos, 100_000)
        environment = {"AFTERIMAGE_LIBRARY": library}
        list(lines_of([run.program, "folder", "add", top, "--json"], **environment))
        for what, counts in (
            ("first", {"added": 100_000, "moved": 0}),
            ("unchanged", {"added": 0, "moved": 0}),
            ("renamed", {"added": 0, "moved": 100_000}),
        ):
            if what == "renamed":
                photos.rename(photos.with_name("pictures"))
            began = time.perf_counter()
            (line,) = lines_of([run.program, "folder", "scan", "--json"], **environment)
            seconds = round(time.perf_counter() - began, 3)
            if any(line[key] != count for key, count in counts.items()) or line["photos"] != 100_000:
                sys.exit(f"bench: the scan of {what} files found {line}")
            run.write({"what": "folders", "files": what, "photos": line["photos"], "seconds": seconds})
            run.note(("folders", what), seconds)


def measure_rest(run):
    for line in run.bench("idle"):
        if line["resident_bytes"]:
            run.note(("idle",), line["resident_bytes"] / 1e6)


def measure_searching(run, photos):
    with tempfile.TemporaryDirectory() as library:
        environment = {"AFTERIMAGE_LIBRARY": library}
        list(lines_of([run.program, "index", photos, "--model", "starter", "--json"], **environment))
        for line in run.bench("scan", **environment):
            run.note(("scan",), line["median_ms"])
        began = time.perf_counter()
        list(lines_of([run.program, "search", "a dog", "--json"], **environment))
        ms = round(1e3 * (time.perf_counter() - began), 1)
        run.write({"what": "search", "model": "starter", "ms": ms})
        run.note(("search",), ms)


def measure_vectors(run, python):
    """Search over random vectors, and in the same minutes that of the peers."""
    # The largest that fits with room for the rest of the machine, 1,650 bytes a vector.
    available = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    for vectors in (1_000_000, 10_000_000):
        if vectors * 1650 > available * 3 // 4:
            print(f"skipped: {vectors} vectors, which need more memory", file=sys.stderr)
            continue
        for line in run.bench("scan", "--vectors", vectors, "--dims", 512):
            run.note(("vectors", vectors), line["ms"])
            run.note(("recall", vectors), line["recall_at_100"])
    if python:
        for line in lines_of([python, str(PEER_SCAN), "1000000", "512"]):
            run.write({"what": "peer", **line})
            run.note((line["library"],), line["ms"])


def measure_questions(run):
    for model in (MODEL, "starter"):
        for line in run.bench("query", "--model", model):
            run.note(("query", model), line["ms"])
            run.note(("filtered", model), line["filtered_ms"])
            run.note(("opened", model), line["opened_ms"])
            if line["vector_bytes"]:
                run.note(("held", model), line["vector_bytes"] / 1e6)


def measure_tags(run):
    for model in (MODEL, "starter"):
        for line in run.bench("tags", "--model", model):
            run.note(("tags", model), line["all_ms"])
            run.note(("tag changed", model), line["changed_ms"])
            run.note(("tag decided", model), line["decided_ms"])


def measure_peers(run, python, photos):
    for line in lines_of([python, str(PEERS), str(photos)]):
        run.write({"what": "peer", **line})
        if "pipeline" in line:
            run.note(("pipeline",), line["photos_per_s"])
        else:
            run.note((line["engine"], line["batch"]), line["images_per_s"])


def python_of_peers():
    """The Python that the peers run with, or None, said why."""
    if named := os.environ.get("PEERS_PYTHON"):
        return named
    if not PEERS.is_file():
        print(f"skipped: the peers, since {PEERS} is absent", file=sys.stderr)
        return None
    folder = TOP / "target" / "peers"
    python = folder / "bin" / "python"
    complete = folder / "complete"
    if not complete.exists():
        print("installing the peers", file=sys.stderr)
        install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        try:
            subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
            subprocess.run([*install, "-r", PEERS.parent / "requirements.txt"], check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"skipped: the peers, which cannot be installed: {error}", file=sys.stderr)
            return None
        complete.touch()
    return str(python)


def number(figure):
    return f"{figure:.2f}" if figure < 10 else f"{figure:.1f}" if figure < 100 else f"{figure:.0f}"


def verdict(row, ours, ratio):
    """What was aimed at, and whether it is met; empty where nothing was."""
    if row.ratio is not None:
        if ratio is None:
            return f">= {row.ratio:.1f}x", "no peer"
        far = row.stretch is not None and ratio >= row.stretch
        met = f"met, and {row.stretch:.1f}x" if far else "met" if ratio >= row.ratio else "missed"
        return f">= {row.ratio:.1f}x", met
    if row.share is not None and ratio is not None:
        met = ratio <= row.share and (row.at_most is None or ours <= row.at_most)
        return f"<= {row.share:.1f}x, {row.at_most:g} {row.unit}", "met" if met else "missed"
    if row.at_least is not None:
        return f">= {row.at_least:g} {row.unit}".rstrip(), "met" if ours >= row.at_least else "missed"
    if row.at_most is not None:
        return f"< {row.at_most:g} {row.unit}", "met" if ours < row.at_most else "missed"
    return "", ""


def table(run):
    """The rows that something was measured for, below each other."""
    cells = [("", "ours", "peer", "ratio", "", "target", "")]
    for row in ROWS:
        if row.ours not in run.figures:
            continue
        ours = median(run.figures[row.ours])
        peer = median(run.figures[row.peer]) if row.peer in run.figures else None
        ratio = ours / peer if peer else None
        cells.append((
            row.title,
            number(ours),
            number(peer) if peer else "",
            f"{ratio:.2f}x" if ratio else "",
            row.unit,
            *verdict(row, ours, ratio),
        ))
    widths = [max(map(len, column)) for column in zip(*cells)]
    for title, ours, peer, ratio, unit, target, met in cells:
        figures = (text.rjust(width) for text, width in zip((ours, peer, ratio), widths[1:4]))
        words = (text.ljust(width) for text, width in zip((unit, target, met), widths[4:]))
        yield "  ".join((title.ljust(widths[0]), *figures, *words)).rstrip()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", type=Path, help="the built command line")
    parser.add_argument("photos", type=Path, nargs="?", default=SHARED / "photos" / "camera")
    parser.add_argument("--rounds", type=int, default=3, help="medians are over so many (default 3)")
    parser.add_argument("--seconds", type=float, default=4.0, help="about so long a figure (default 4)")
    arguments = parser.parse_args()
    if not arguments.photos.is_dir():
        parser.error(f"there is no folder {arguments.photos}: run `make bench PHOTOS=DIR`")
    everyday = SHARED / "photos" / "everyday"
    if not everyday.is_dir():
        everyday = arguments.photos

    python = python_of_peers()
    # Whoever has other models or a library of their own measures the same.
    os.environ.pop("AFTERIMAGE_MODELS", None)
    results = TOP / "target" / "bench" / time.strftime("%Y-%m-%d-%H%M%S.jsonl")
    results.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as library, results.open("w") as file:
        os.environ["AFTERIMAGE_LIBRARY"] = library
        run = Run(str(arguments.program.resolve()), file)
        machine = run.machine()
        for run.round in range(1, arguments.rounds + 1):
            print(f"round {run.round} of {arguments.rounds}", file=sys.stderr)
            measure_towers(run, arguments.seconds)
            measure_indexing(run, MODEL, arguments.photos)
            if python:
                measure_peers(run, python, arguments.photos)
            measure_indexing(run, "starter", everyday)
            measure_decoding(run, arguments.photos, arguments.seconds / 4)
            measure_searching(run, everyday)
            measure_vectors(run, python)
            measure_questions(run)
            measure_tags(run)
            measure_scanning(run)
            measure_rest(run)

    features = " ".join(machine["features"])
    print(f"{machine['processor']}, {machine['cores']} cores, {features}")
    print(f"commit {machine['commit']}, {machine['date']}, medians of {arguments.rounds} rounds")
    print(f"{MODEL} with random weights over {arguments.photos}, the starter over {everyday}")
    print(*table(run), sep="\n")
    print(f"all measurements: {os.path.relpath(results)}")


main()
