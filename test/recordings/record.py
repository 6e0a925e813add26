#!/usr/bin/env python3
"""Writes down what CPython's select module does; test/conformance/recordings.test.ts compares omnipoll with it.

    python3 test/recordings/record.py            writes the *.recorded.json beside this file
    python3 test/recordings/record.py --check    compares instead, and says what differs

The recordings are committed: the tests need no Python. They were made with CPython 3.11 on Linux.
"""
import json, os, sys

sys.dont_write_bytecode = True

from arguments import argument_cases
from machine import Machine
from programs import random_programs

folder = os.path.dirname(os.path.abspath(__file__))


def recorded(scenario):
    machine = Machine()
    try:
        steps = [[step, machine.run(step)] for step in scenario["steps"]]
    finally:
        machine.finish()
    return {"name": scenario["name"], "steps": steps}


def written_scenarios():
    with open(f"{folder}/scenarios.txt", encoding="utf-8") as file:
        lines = [line.rstrip() for line in file if not line.startswith("#")]
    for block in "\n".join(lines).strip().split("\n\n"):
        name, *steps = block.split("\n")
        yield {"name": name, "steps": steps}


def text_of(items):
    return "[\n" + ",\n".join(json.dumps(item, separators=(",", ":")) for item in items) + "\n]\n"


def main():
    files = {
        "scenarios.recorded.json": text_of(map(recorded, written_scenarios())),
        "programs.recorded.json": text_of(map(recorded, random_programs(seed=1))),
        "arguments.recorded.json": text_of(argument_cases()),
    }
    differing = 0
    for name, text in files.items():
        path = f"{folder}/{name}"
        if "--check" not in sys.argv:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            continue
        with open(path, encoding="utf-8") as file:
            lines = zip(file.read().split("\n"), text.split("\n"), strict=True)
        for before, now in lines:
            if before != now:
                differing += 1
                print(f"{name}\n  {before}\n  {now}")
    sys.exit(1 if differing else 0)


if __name__ == "__main__":
    main()
