"""Runs a test file of CPython under unittest: `run_tests.py NAME`, e.g. test_poll or test_asyncio.test_streams.

CPython's tests are mounted at /lib-test. On WASI they skip themselves, since WASI has no sockets there:
`test.support` is told that there are some, and then the tests decide. The last line of the output is JSON
for lib-test.ts.
"""

import omnipoll_socket  # noqa: F401, first: it replaces socket.socketpair

import importlib.util
import json
import os
import sys
import unittest

TESTS = "/lib-test"
SCRATCH = "/scratch"


def mount():
    """Makes the mounted folder the package `test`. The import system cannot list the folder above it."""
    spec = importlib.util.spec_from_file_location(
        "test", f"{TESTS}/__init__.py", submodule_search_locations=[TESTS]
    )
    sys.modules["test"] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)


class Result(unittest.TextTestResult):
    """Remembers how each test ended."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.ok = set()
        self.skips = {}
        self.faults = {}

    def addSuccess(self, test):
        super().addSuccess(test)
        self.ok.add(test.id())

    def addExpectedFailure(self, test, err):
        super().addExpectedFailure(test, err)
        self.ok.add(test.id())

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.skips[test.id()] = reason

    def addError(self, test, err):
        super().addError(test, err)
        self._fault(test, err)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._fault(test, err)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._fault(test, err)

    def _fault(self, test, err):
        """Notes the first fault of a test: others follow from it."""
        kind, error, _ = err
        lines = f"{kind.__name__}: {error}".splitlines()
        # The text of a failed import ends with its cause.
        self.faults.setdefault(test.id(), lines[-1 if kind is ImportError else 0])


class Runner(unittest.TextTestRunner):
    resultclass = Result


def survive(case):
    """Makes a fault of the frame around a test, which ends the whole run, a fault of the test."""
    run = case.run

    def surviving(self, result=None):
        try:
            return run(self, result)
        except Exception:
            result.addError(self, sys.exc_info())

    case.run = surviving


def results(name):
    """Runs the tests of one file."""
    try:
        suite = unittest.defaultTestLoader.loadTestsFromName(f"test.{name}")
    except unittest.SkipTest as skip:
        print(f"{name} ... skipped {str(skip)!r}")
        return {"ok": 0, "skipped": {name: str(skip)}, "failed": {}}
    result = Runner(sys.stdout, verbosity=2).run(suite)
    failed = result.faults
    return {
        "ok": len(result.ok - failed.keys()),
        "skipped": {test: why for test, why in result.skips.items() if test not in failed},
        "failed": failed,
    }


mount()
os.chdir(SCRATCH)
os.environ["TMPDIR"] = SCRATCH
survive(unittest.IsolatedAsyncioTestCase)

from test import support  # noqa: E402, the package is mounted now

support.has_socket_support = True
# test_selectors asks for the platform itself.
support.is_wasi = False

print(json.dumps(results(sys.argv[1])), flush=True)
