"""Random programs over pipes, sockets, eventfds, files and duplicates, from a seed.

Without urgent data, which is in scenarios.txt: a machine whose TCP buffers are short of memory was
seen to call a socket readable that has nothing but an urgent byte.
"""
import random

ASKED = ["IN", "OUT", "PRI", "RDHUP", "RDNORM", "WRNORM", "RDBAND", "WRBAND"]
PROGRAMS = 320


class Program:
    def __init__(self, rng):
        self.rng = rng
        self.kinds = {}  # of open descriptors
        self.gone = []  # names of closed descriptors
        self.made = 0
        self.steps = ["epoll e", "polling p"]
        self.epolls = ["e"]
        self.registered = {"e": set(), "p": set()}

    def name(self):
        self.made += 1
        return f"d{self.made}"

    def some(self, *kinds):
        """An open descriptor, of one of the kinds if any is given."""
        names = [name for name, kind in self.kinds.items() if not kinds or kind in kinds]
        return self.rng.choice(names) if names else None

    def emit(self, *words):
        self.steps.append(" ".join(map(str, words)))

    def make(self):
        rng = self.rng
        kind = rng.choices(
            ["pipe", "unix", "dgram", "tcp", "udp", "event", "file", "null"], [6, 5, 2, 3, 1, 3, 1, 1]
        )[0]
        if kind == "event":
            name = self.name()
            self.emit("eventfd", name, rng.choice([0, 0, 1, 3]), *rng.choice([(), (), ("semaphore",)]))
            self.kinds[name] = kind
        elif kind in ("file", "null"):
            name = self.name()
            self.emit("open", name, "/dev/null" if kind == "null" else "/dev/zero", "rw")
            self.kinds[name] = kind
        else:
            a, b = self.name(), self.name()
            words = {"pipe": ["pipe", a, b], "unix": ["socketpair", a, b], "dgram": ["socketpair", a, b, "dgram"]}
            self.emit(*words.get(kind, [kind, a, b]))
            self.kinds[a] = "read" if kind == "pipe" else kind
            self.kinds[b] = "write" if kind == "pipe" else kind

    def mask(self, epoll):
        rng = self.rng
        names = rng.sample(ASKED, rng.choices([0, 1, 2, 3], [1, 4, 4, 1])[0])
        if rng.random() < 0.6:
            names = list({*names, rng.choice(["IN", "OUT"])})
        if epoll:
            extra = rng.choices([None, "ET", "ONESHOT", "EXCLUSIVE"], [10, 9, 4, 2])[0]
            if extra == "EXCLUSIVE" and rng.random() < 0.8:
                names = [name for name in names if name in ("IN", "OUT")]
            names += [extra] if extra else []
            if extra == "ONESHOT" and rng.random() < 0.4:
                names.append("ET")
        return "|".join(sorted(names)) or "0"

    def control(self):
        rng = self.rng
        on = rng.choice([*self.epolls, "e", "e", "p", "p"])
        name = self.some() if rng.random() < 0.9 or not self.gone else rng.choice(self.gone)
        if name is None:
            return
        known = self.registered.setdefault(on, set())
        if rng.random() < 0.85 and name not in known:
            self.emit("register", on, name, self.mask(on != "p"))
            known.add(name)
        elif rng.random() < 0.65:
            self.emit(rng.choice(["modify", "modify", "modify", "register"]), on, name, self.mask(on != "p"))
        else:
            self.emit("unregister", on, name)
            known.discard(name)

    def move(self):
        """Data, or the end of it."""
        rng = self.rng
        name = self.some()
        kind = self.kinds.get(name)
        if kind in ("read", "write"):
            name = self.some("write") if rng.random() < 0.6 else self.some("read")
            if name is None:
                return
            if self.kinds[name] == "read":
                self.emit(*rng.choice([("read", name, 1), ("read", name, 4096), ("drain", name)]))
            else:
                self.emit(*rng.choice([("write", name, 1), ("write", name, 3), ("write", name, 5000), ("fill", name)]))
        elif kind == "event":
            self.emit(*rng.choice([("eventfd_read", name), ("eventfd_write", name, rng.choice([0, 1, 2]))]))
        elif kind in ("unix", "dgram", "tcp", "udp"):
            step = rng.choices(["write", "read", "drain", "shutdown", "so_error"], [7, 4, 2, 2, 1])[0]
            if step == "write":
                self.emit("write", name, rng.choice([0, 1, 3, 100]) if kind in ("dgram", "udp") else rng.choice([1, 3, 100]))
            elif step == "read":
                self.emit("read", name, rng.choice([1, 4096]))
            elif step == "drain":
                self.emit("read" if kind in ("dgram", "udp") else "drain", name, *(["9"] if kind in ("dgram", "udp") else []))
            elif step == "shutdown":
                self.emit("shutdown", name, rng.choice(["rd", "wr", "wr", "rdwr"]))
            else:
                self.emit("so_error", name)

    def close(self):
        name = self.some()
        if name:
            self.emit("close", name)
            del self.kinds[name]
            self.gone.append(name)

    def duplicate(self):
        of = self.some()
        if of:
            name = self.name()
            self.emit("dup", name, of)
            self.kinds[name] = self.kinds[of]

    def nest(self):
        if len(self.epolls) < 4:
            name = f"e{len(self.epolls)}"
            self.emit("epoll", name)
            self.epolls.append(name)
            self.registered[name] = set()
        inner, outer = self.rng.choice(self.epolls), self.rng.choice(self.epolls)
        self.emit(self.rng.choice(["register", "register", "modify"]), outer, inner, self.mask(True))

    def wait(self):
        rng = self.rng
        self.emit("poll", rng.choice(self.epolls), 0, rng.choice([1, 1, 2, 3]))

    def build(self, length):
        self.make()
        self.make()
        for _ in range(length):
            action = self.rng.choices(
                [self.make, self.control, self.move, self.close, self.duplicate, self.nest, self.wait],
                [3, 16, 14, 2, 1, 1, 2],
            )[0]
            before = len(self.steps)
            action()
            if len(self.steps) > before and self.rng.random() < 0.7:
                self.emit("poll_all", self.rng.choice([*self.epolls, "e", "e"]), "p")
        self.emit("poll_all", "e", "p")
        return self.steps


def random_programs(seed):
    for number in range(PROGRAMS):
        rng = random.Random(f"{seed}/{number}")
        yield {"name": f"program {number}", "steps": Program(rng).build(rng.randint(8, 24))}
