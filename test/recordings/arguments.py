"""What the calls of the select module make of every kind of argument.

A case is a call, a value in a form JSON can carry (test/support/argument-values.ts reads it), and the
outcome: the events, "ok", or the exception. In every call a pipe with a byte in it is at hand.
"""
import decimal, fractions, os, select

from machine import error_of, names_of

NOT_OPEN = 900


class Index:
    def __index__(self):
        return 0


class BadIndex:
    def __index__(self):
        return "x"


class Float:
    def __float__(self):
        return 0.0


class File:
    def __init__(self, value):
        self.value = value

    def fileno(self):
        if isinstance(self.value, BaseException):
            raise self.value
        return self.value


def value_of(form, fd):
    """The value for its form."""
    if form is None or isinstance(form, bool):
        return form
    ((kind, content),) = form.items()
    made = {
        "int": lambda: int(content), "float": lambda: float(content), "str": lambda: content,
        "bytes": lambda: content.encode(), "list": lambda: [value_of(item, fd) for item in content],
        "tuple": lambda: tuple(value_of(item, fd) for item in content), "set": lambda: {fd},
        "dict": lambda: {}, "object": lambda: object(), "fd": lambda: fd,
        "generator": lambda: (value_of(item, fd) for item in content),
        "number": lambda: {"Decimal": decimal.Decimal(0), "Fraction": fractions.Fraction(0), "complex": 1j, "Float": Float()}[content],
        "index": lambda: Index() if content == 0 else BadIndex(),
        "fileno": lambda: File(value_of(content, fd)),
        "raises": lambda: File({"OSError": OSError(5, "x"), "ValueError": ValueError("v")}[content]),
    }
    return made[kind]()


def ints(*values):
    return [{"int": str(value)} for value in values]


def floats(*values):
    return [{"float": repr(float(value))} for value in values]


NO_NUMBERS = [
    {"str": "1"}, {"bytes": "1"}, {"list": []}, {"tuple": ints(1)}, {"dict": 0}, {"object": 0},
    *({"number": name} for name in ("Decimal", "Fraction", "complex", "Float")),
    {"index": 0}, {"index": 1},
]
# Nothing here blocks: the pipe is readable.
TIMEOUTS = [
    None, True, False, *NO_NUMBERS,
    *ints(0, 1, -1, -2, -(1 << 31), -(1 << 63), -(1 << 64), -(1 << 200), 1 << 30, (1 << 31) - 1, 1 << 31, 2147483, 2147484),
    *ints(1 << 32, 1 << 62, 1 << 63, 1 << 64, 1 << 200, 9223372036, 9223372037, -9223372036, -9223372037, 9223372036854, 9223372036855),
    *floats("nan", "inf", "-inf", 0, "-0.0", 0.5, 1.5, 1e-320, 1e-10, 1e-4, -1, -0.1, -1e-9, -1e-10, -1e-100, -1.5),
    *floats(2147483646.5, 2147483647, 2147483647.5, 2147483.647, 2147483.6470001, 2147483.648, -2147483.648, -2147483.649),
    *floats(1e10, 1e18, 1e19, 1e300, -1e300, 9223372036, 9223372037),
]
FILES = [
    {"fd": 0}, {"fileno": {"fd": 0}}, *ints(-1, -2, NOT_OPEN, 1 << 31, (1 << 31) - 1, -(1 << 31), -(1 << 31) - 1, 1 << 64, -(1 << 64)),
    *floats(NOT_OPEN, 1.5, "nan"), None, {"str": "0"}, {"bytes": "0"}, {"list": []}, {"object": 0}, {"index": 0}, {"number": "Decimal"},
    *({"fileno": form} for form in [*ints(-1, 1 << 40, NOT_OPEN), {"str": "x"}, *floats(NOT_OPEN, 0.5), None, {"index": 0}, {"list": []}]),
    {"raises": "OSError"}, {"raises": "ValueError"},
]
MASKS = [
    *ints(0, 1, 5, 64, -1, 65535, 65536, 1 << 31, (1 << 31) + 1, 1 << 32, (1 << 32) + 1, (1 << 32) - 1, (1 << 63) - 1, 1 << 63, 1 << 64, (1 << 64) + 1, -(1 << 64), 1 - (1 << 64), -(1 << 200)),
    *floats(1, 1.5, "nan", "inf"), None, True, False, {"str": "1"}, {"list": []}, {"index": 0}, {"index": 1}, {"number": "Decimal"},
]
INTEGERS = [
    None, True, False, *ints(-1, 0, -2, 1, 2, 524288, 1 << 20, (1 << 31) - 1, 1 << 31, -(1 << 31), -(1 << 31) - 1, 1 << 64, -(1 << 64)),
    *floats(1, 1.5, "nan"), {"str": "1"}, {"list": []}, {"index": 0}, {"index": 1}, {"number": "Decimal"},
]
LISTS = [
    {"list": []}, {"tuple": []}, {"list": [{"fd": 0}]}, {"tuple": [{"fd": 0}, {"fd": 0}]}, {"set": 0}, {"generator": [{"fd": 0}]},
    {"list": [{"fd": 0}, {"str": "x"}]}, {"list": [{"fd": 0}, {"int": "-1"}]}, {"list": [{"fd": 0}, {"int": str(NOT_OPEN)}]},
    None, *ints(1), *floats(0.5), {"str": "abc"}, {"str": ""}, {"object": 0}, {"fileno": {"fd": 0}}, {"generator": [{"raises": "ValueError"}]},
]


class Calls:
    def __init__(self):
        self.r, self.w = os.pipe()
        os.write(self.w, b"x")
        self.poll = select.poll()
        self.poll.register(self.r, 1)
        self.epoll = select.epoll()
        self.epoll.register(self.r, 1)

    def close(self):
        self.epoll.close()
        os.close(self.r)
        os.close(self.w)

    def events(self, events):
        return " ".join(names_of(mask) for _, mask in events) or "-"

    def counts(self, ready):
        return "".join(str(len(one)) for one in ready)

    def select_timeout(self, value):
        return self.counts(select.select([self.r], [], [], value))

    def select_list(self, value):
        return self.counts(select.select(value, [], [], 0))

    def select_wlist(self, value):
        return self.counts(select.select([self.r], value, [], 0))

    def select_xlist(self, value):
        return self.counts(select.select([self.r], [], value, 0))

    def select_fd(self, value):
        return self.counts(select.select([value], [], [], 0))

    def poll_timeout(self, value):
        return self.events(self.poll.poll(value))

    def poll_register_fd(self, value):
        self.poll.register(value)

    def poll_modify_fd(self, value):
        self.poll.modify(value, 1)

    def poll_unregister_fd(self, value):
        self.poll.unregister(value)

    def poll_register_mask(self, value):
        self.poll.register(self.r, value)
        return self.events(self.poll.poll(0))

    def poll_modify_mask(self, value):
        self.poll.modify(self.r, value)
        return self.events(self.poll.poll(0))

    def epoll_timeout(self, value):
        return self.events(self.epoll.poll(value))

    def epoll_maxevents(self, value):
        return self.events(self.epoll.poll(0, value))

    def epoll_register_fd(self, value):
        self.epoll.register(value)

    def epoll_modify_fd(self, value):
        self.epoll.modify(value, 1)

    def epoll_unregister_fd(self, value):
        self.epoll.unregister(value)

    def epoll_register_mask(self, value):
        self.epoll.unregister(self.r)
        self.epoll.register(self.r, value)
        return self.events(self.epoll.poll(0))

    def epoll_modify_mask(self, value):
        self.epoll.modify(self.r, value)
        return self.events(self.epoll.poll(0))

    def epoll_sizehint(self, value):
        select.epoll(value).close()

    def epoll_flags(self, value):
        select.epoll(-1, value).close()

    def epoll_fromfd(self, value):
        with select.epoll.fromfd(value) as epoll:
            return self.events(epoll.poll(0))


CASES = {
    "select_timeout": TIMEOUTS, "poll_timeout": TIMEOUTS, "epoll_timeout": TIMEOUTS,
    "select_list": LISTS, "select_wlist": LISTS, "select_xlist": LISTS,
    **{f"{call}_fd": FILES for call in ("select", "poll_register", "poll_modify", "poll_unregister", "epoll_register", "epoll_modify", "epoll_unregister")},
    **{f"{call}_mask": MASKS for call in ("poll_register", "poll_modify", "epoll_register", "epoll_modify")},
    "epoll_maxevents": [*INTEGERS, *ints(178956970, 178956971)],
    "epoll_sizehint": INTEGERS, "epoll_flags": INTEGERS,
    "epoll_fromfd": [None, *ints(-1, -2, NOT_OPEN, 1 << 31, 1 << 64), *floats(1.5), {"str": "1"}, {"object": 0}, {"index": 1}, {"number": "Decimal"}],
}


def outcome_of(call, form):
    calls = Calls()
    try:
        outcome = getattr(calls, call)(value_of(form, calls.r))
    except Exception as error:
        outcome = error_of(error)
    finally:
        calls.close()
    return "ok" if outcome is None else outcome


def argument_cases():
    for call, forms in CASES.items():
        for form in forms:
            yield [call, form, outcome_of(call, form)]
