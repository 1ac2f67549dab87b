#!/usr/bin/env python3
"""Checks the models of the shared store's protocol with spin, case by case, against what cases.txt expects.

A case whose states were not all visited counts as failed in the short set and is reported as "not exhausted" in the
long one. A case that is not as expected prints what happened, step by step. What the models cover: docs/model.md.
"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass

HERE = pathlib.Path(__file__).resolve().parent
DEPTH = 500_000
NOT_EXHAUSTED = "not exhausted"


@dataclass(frozen=True)
class Case:
    size: str  # short or long
    model: str
    expected: str  # "holds" or the property that must be found broken
    defines: tuple[str, ...]

    def __str__(self) -> str:
        return " ".join((self.model, *self.defines))


class OutOfTime(Exception):
    pass


@dataclass
class Verdict:
    case: Case
    found: str  # as Case.expected, or NOT_EXHAUSTED, or what went wrong
    states: int = 0
    seconds: float = 0  # of a processor, compiling included
    trail: str = ""

    def as_expected(self) -> bool:
        return self.found == self.case.expected


def read_cases(path: pathlib.Path) -> list[Case]:
    cases = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        words = line.split("#")[0].split()
        if not words:
            continue
        if len(words) < 3 or words[0] not in ("short", "long") or not (HERE / f"{words[1]}.pml").exists():
            sys.exit(f"{path.name}:{number}: want 'short|long MODEL holds|PROPERTY [DEFINE...]', not '{line}'")
        cases.append(Case(words[0], words[1], words[2], tuple(words[3:])))
    return cases


def call(command: list[str], folder: str, verdict: Verdict, seconds: int = 120) -> str:
    """Runs it with that much time of a processor, so that a busy machine changes no verdict."""
    with subprocess.Popen(["prlimit", f"--cpu={seconds}", *command], cwd=folder, text=True, errors="replace",
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        said = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    verdict.seconds += used.ru_utime + used.ru_stime
    if process.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        raise OutOfTime
    return said


def number_before(words: str, text: str) -> int:
    match = re.search(rf"(\d+) {words}", text)
    return int(match[1]) if match else 0


def outcome(output: str) -> str:
    """What pan says: the name of the broken property, that all holds, or why it cannot know."""
    if broken := re.search(r"assertion violated (.*?)\s*\(at depth", output):
        # PROMISE writes a property as "name || what must hold".
        name = re.search(r"[a-z]\w+", broken[1])
        return name[0] if name else broken[1]
    if "errors: 0" not in output:
        return (re.search(r"pan:.*", output) or ["pan said nothing that is known"])[0]
    if "max search depth too small" in output or "out of memory" in output or "Search not completed" in output:
        return NOT_EXHAUSTED
    return "holds"


def check(case: Case, options: argparse.Namespace) -> Verdict:
    model = str(HERE / f"{case.model}.pml")
    defines = [f"-D{define}" for define in case.defines]
    verdict = Verdict(case, "")
    with tempfile.TemporaryDirectory(prefix="carillon-model-") as folder:
        try:
            said = call(["spin", "-a", *defines, model], folder, verdict)
            if not (pathlib.Path(folder) / "pan.c").exists() or "Error" in said:
                verdict.found = "spin does not read it: " + said.strip()
                return verdict
            # What the short set costs is compiling, not searching. COLLAPSE halves the memory of a state.
            level = "-O2" if case.size == "long" else "-O0"
            said = call(["gcc", level, "-w", "-DSAFETY", "-DCOLLAPSE", "-DNOFAIR", "-DVECTORSZ=4096",
                         f"-DMEMLIM={options.memory}", "-o", "pan", "pan.c"], folder, verdict)
            if not (pathlib.Path(folder) / "pan").exists():
                verdict.found = "gcc does not compile it: " + said.strip()
                return verdict
            # -E: that a process waits for ever is no error; what must be true then, the model itself says.
            said = call(["./pan", "-E", "-n", f"-m{DEPTH}"], folder, verdict, options.seconds)
            verdict.found = outcome(said)
            verdict.states = number_before("states, stored", said)
            trails = list(pathlib.Path(folder).glob("*.trail"))
            if trails and (options.trail or not verdict.as_expected()):
                verdict.trail = call(["spin", "-t", "-k", trails[0].name, *defines, model], folder, verdict)
        except OutOfTime:
            verdict.found = NOT_EXHAUSTED
    return verdict


def story(trail: str) -> str:
    """The steps of a counter-example without spin's own remarks and its table of variables at the end."""
    steps = trail.split("spin: trail ends")[0].splitlines()
    return "\n".join("    | " + step for step in steps if step.strip() and "empty inline" not in step)


def report(verdict: Verdict, tolerant: bool) -> bool:
    good = verdict.as_expected() or (tolerant and verdict.found == NOT_EXHAUSTED)
    mark = "as expected" if verdict.as_expected() else "not exhausted" if good else "UNEXPECTED"
    found = verdict.found.splitlines()[0]
    print(f"{mark:13} {found:30} {verdict.states:>11,} states {verdict.seconds:6.1f} s  {verdict.case}", flush=True)
    if not good:
        print(f"    expected: {verdict.case.expected}\n    found: {verdict.found}", flush=True)
    if verdict.trail:
        print(story(verdict.trail), flush=True)
    return good


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("set", choices=("short", "long"), help="short: what CI runs; long: every case")
    parser.add_argument("--only", default="", metavar="TEXT", help="only cases whose line contains this")
    parser.add_argument("--jobs", type=int, default=2, help="cases at once (default: %(default)s)")
    parser.add_argument("--memory", type=int, default=3000, metavar="MB", help="for each case (default: %(default)s)")
    parser.add_argument("--seconds", type=int, help="of a processor to search each case (default: 300, in the long set 1800)")
    parser.add_argument("--trail", action="store_true", help="print the steps that break a property also where expected")
    options = parser.parse_args()
    options.seconds = options.seconds or (1800 if options.set == "long" else 300)
    for tool in ("spin", "gcc", "prlimit"):
        if not shutil.which(tool):
            sys.exit(f"{tool} is not there: install Debian's packages spin, gcc and util-linux")

    cases = [case for case in read_cases(HERE / "cases.txt")
             if (options.set == "long" or case.size == "short") and options.only in f"{case} {case.expected}"]
    began = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        verdicts = pool.map(lambda case: check(case, options), cases)
        results = [(verdict, report(verdict, options.set == "long")) for verdict in verdicts]
    bad = sum(not good for _, good in results)
    open_ones = sum(verdict.found == NOT_EXHAUSTED for verdict, _ in results)
    states = sum(verdict.states for verdict, _ in results)
    seconds = sum(verdict.seconds for verdict, _ in results)
    print(f"{len(results)} cases, {states:,} states, {seconds:.0f} s of a processor in {time.monotonic() - began:.0f} s: "
          f"{bad} not as expected, {open_ones} not exhausted")
    return 1 if bad or not results else 0


if __name__ == "__main__":
    sys.exit(main())
