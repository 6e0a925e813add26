/* Rows of kqueue: changes, their errors, and how a knote fires, whatever its filter. */

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rows-kqueue.h"

int32_t kevent(const struct kevent_record* changes, int32_t count, struct kevent_record* out,
               int32_t capacity, double timeout_ms) {
  int32_t error = core_kqueueReserve(core, object, count, capacity);
  if (error < 0) return error;
  if (count > 0) store(core_kqueueChanges(core), changes, (uint32_t) count * sizeof(*changes));
  int32_t events = core_kqueueControl(core, object, count, capacity, timeout_ms);
  if (events > 0) load(out, core_kqueueEvents(core), (uint32_t) events * sizeof(*out));
  return events;
}

static int compare_kevents(const void* left, const void* right) {
  const struct kevent_record* one = left;
  const struct kevent_record* other = right;
  if (one->ident != other->ident) return one->ident > other->ident ? 1 : -1;
  return one->filter - other->filter;
}

static void describe(char* out, size_t size, const struct kevent_record* records, size_t count) {
  size_t length = 0;
  out[0] = '\0';
  for (size_t i = 0; i < count && length < size; i++) {
    const struct kevent_record* one = &records[i];
    const char* format = " {%" PRIu64 " %d 0x%x 0x%x %" PRId64 " %" PRIu64 "}";
    length += (size_t) snprintf(out + length, size - length, format, one->ident, one->filter,
                                one->flags, one->fflags, one->data, one->udata);
  }
}

void takes(int line, double timeout_ms, size_t count, const struct kevent_record* wanted) {
  struct kevent_record seen[CAPACITY], sorted[CAPACITY] = {{0}};
  char seen_text[200], wanted_text[200];
  int32_t result = kevent(NULL, 0, seen, CAPACITY, timeout_ms);
  if (result < 0) {
    wrong(line, "kevent() is %d", result);
    return;
  }
  if (count > 0) memcpy(sorted, wanted, count * sizeof(*wanted));
  qsort(sorted, count, sizeof(*sorted), compare_kevents);
  qsort(seen, (size_t) result, sizeof(*seen), compare_kevents);
  if ((size_t) result == count && memcmp(seen, sorted, count * sizeof(*seen)) == 0) return;
  describe(seen_text, sizeof(seen_text), seen, (size_t) result);
  describe(wanted_text, sizeof(wanted_text), sorted, count);
  wrong(line, "%d events:%s, not %zu:%s", result, seen_text, count, wanted_text);
}

static void changes_only(void) {
  struct pair pipe = make_pipe();
  write_bytes(pipe.b, 1);
  IS(change(pipe.a, READ, ADD, 0, 0), 0);
  TAKES(KEVENT(pipe.a, READ, 0, 0, 1));
}

static void error_without_room(void) {
  struct pair pipe = make_pipe();
  IS(change(pipe.a, READ, DELETE, 0, 0), -OMNIPOLL_ENOENT);
}

static void change_and_wait(void) {
  struct pair one = make_socketpair(SOCK_STREAM), other = make_socketpair(SOCK_STREAM);
  struct kevent_record seen[1];
  write_bytes(other.b, 3);
  struct kevent_record changes[] = {KEVENT(one.a, READ, ADD, 0, 0),
                                    KEVENT(other.a, READ, ADD, 0, 0)};
  IS(kevent(changes, 2, seen, 1, -1), 1);
  EXPECT(seen[0].ident == (uint64_t) other.a && seen[0].data == 3 && seen[0].flags == 0);
}

static void errors_replace_events(void) {
  struct pair pipe = make_pipe();
  struct kevent_record seen[CAPACITY];
  write_bytes(pipe.b, 1);
  struct kevent_record changes[] = {KEVENT(pipe.a, WRITE, DELETE, 0, 0),
                                    KEVENT(pipe.a, READ, ADD, 0, 0)};
  IS(kevent(changes, 2, seen, CAPACITY, -1), 1);
  EXPECT((seen[0].flags & EV_ERROR) != 0 && seen[0].data == OMNIPOLL_ENOENT);
  TAKES(KEVENT(pipe.a, READ, 0, 0, 1));
}

static void error_event(void) {
  struct kevent_record seen[1];
  struct kevent_record one = {7, USER, DELETE, 5, 9, 11};
  IS(kevent(&one, 1, seen, 1, -1), 1);
  EXPECT(seen[0].ident == 7 && seen[0].filter == USER && seen[0].flags == EV_ERROR);
  EXPECT(seen[0].fflags == 5 && seen[0].udata == 11 && seen[0].data == OMNIPOLL_ENOENT);
}

static void receipt(void) {
  struct pair pipe = make_pipe();
  struct kevent_record seen[CAPACITY];
  write_bytes(pipe.b, 1);
  struct kevent_record one = KEVENT(pipe.a, READ, ADD | RECEIPT, 0, 0);
  IS(kevent(&one, 1, seen, CAPACITY, -1), 1);
  EXPECT(seen[0].flags == EV_ERROR && seen[0].data == 0);
}

static void unknown_filter(void) {
  IS(change(1, 1, ADD, 0, 0), -OMNIPOLL_EINVAL);
  IS(change(1, -99, ADD, 0, 0), -OMNIPOLL_EINVAL);
}

static void itself(void) {
  IS(change(core_kqueueFileno(core, object), READ, ADD, 0, 0), -OMNIPOLL_EINVAL);
}

static void two_filters(void) {
  struct pair pair = make_socketpair(SOCK_STREAM);
  struct kevent_record seen[CAPACITY];
  write_bytes(pair.b, 5);
  IS(change(pair.a, READ, ADD, 0, 0), 0);
  IS(change(pair.a, WRITE, ADD, 0, 0), 0);
  IS(kevent(NULL, 0, seen, CAPACITY, -1), 2);
  IS(change(pair.a, WRITE, DELETE, 0, 0), 0);
  TAKES(KEVENT(pair.a, READ, 0, 0, 5));
}

static void added_twice(void) {
  struct pair pipe = make_pipe();
  struct kevent_record seen[CAPACITY];
  struct kevent_record changes[] = {KEVENT(pipe.a, READ, ADD, 0, 0),
                                    KEVENT(pipe.a, READ, ADD, 0, 0)};
  changes[0].udata = 1;
  changes[1].udata = 2;
  write_bytes(pipe.b, 1);
  IS(kevent(changes, 2, NULL, 0, 0), 0);
  IS(kevent(NULL, 0, seen, CAPACITY, -1), 1);
  IS(seen[0].udata, 2);
}

static void level(void) {
  struct pair pipe = make_pipe();
  IS(change(pipe.a, READ, ADD, 0, 0), 0);
  NOTHING();
  write_bytes(pipe.b, 2);
  TAKES(KEVENT(pipe.a, READ, 0, 0, 2));
  write_bytes(pipe.b, 2);
  TAKES(KEVENT(pipe.a, READ, 0, 0, 4));
}

static void drained_before(void) {
  struct pair pipe = make_pipe();
  IS(change(pipe.a, READ, ADD, 0, 0), 0);
  write_bytes(pipe.b, 2);
  read_bytes(pipe.a, 2);
  NOTHING();
}

static void clear(void) {
  struct pair pipe = make_pipe();
  IS(change(pipe.a, READ, ADD | CLEAR, 0, 0), 0);
  write_bytes(pipe.b, 1);
  TAKES(KEVENT(pipe.a, READ, CLEAR, 0, 1));
  NOTHING();
  write_bytes(pipe.b, 1);
  TAKES(KEVENT(pipe.a, READ, CLEAR, 0, 2));
  NOTHING();
}

static void dispatch(void) {
  struct pair pipe = make_pipe();
  IS(change(pipe.a, READ, ADD | DISPATCH, 0, 0), 0);
  write_bytes(pipe.b, 1);
  TAKES(KEVENT(pipe.a, READ, DISPATCH, 0, 1));
  NOTHING();
  IS(change(pipe.a, READ, ENABLE | DISPATCH, 0, 0), 0);
  TAKES(KEVENT(pipe.a, READ, DISPATCH, 0, 1));
  NOTHING();
}

static void disable(void) {
  struct pair pipe = make_pipe();
  IS(change(pipe.a, READ, ADD, 0, 0), 0);
  IS(change(pipe.a, READ, DISABLE, 0, 0), 0);
  write_bytes(pipe.b, 1);
  NOTHING();
  IS(change(pipe.a, READ, ENABLE, 0, 0), 0);
  TAKES(KEVENT(pipe.a, READ, 0, 0, 1));
}

static void added_disabled(void) {
  IS(change(1, USER, ADD | DISABLE, 0, 0), 0);
  IS(change(1, USER, 0, TRIGGER, 0), 0);
  NOTHING();
  IS(change(1, USER, ENABLE, 0, 0), 0);
  TAKES(KEVENT(1, USER, 0, 0, 0));
}

static void enabled_and_disabled(void) {
  IS(change(1, USER, ADD, 0, 0), 0);
  IS(change(1, USER, ENABLE | DISABLE, 0, 0), -OMNIPOLL_EINVAL);
}

static void fewer_than_ready(void) {
  struct kevent_record seen[CAPACITY];
  for (int ident = 1; ident <= 3; ident++) {
    IS(change(ident, USER, ADD | CLEAR, 0, 0), 0);
    IS(change(ident, USER, 0, TRIGGER, 0), 0);
  }
  IS(kevent(NULL, 0, seen, 2, 0), 2);
  EXPECT(seen[0].ident == 1 && seen[1].ident == 2);
  IS(kevent(NULL, 0, seen, 2, 0), 1);
  EXPECT(seen[0].ident == 3);
}

static void closed_descriptor(void) {
  struct pair pipe = make_pipe();
  close_fd(pipe.a);
  IS(change(pipe.a, READ, ADD, 0, 0), -OMNIPOLL_EBADF);
}

static void close_drops_the_knote(void) {
  struct pair pipe = make_pipe();
  IS(change(pipe.a, READ, ADD, 0, 0), 0);
  write_bytes(pipe.b, 1);
  owned(dup(pipe.a));
  close_fd(pipe.a);
  NOTHING();
}

static void reused_number(void) {
  struct pair old = make_pipe();
  IS(change(old.a, READ, ADD, 0, 0), 0);
  write_bytes(old.b, 1);
  close_fd(old.a);
  struct pair new = make_pipe();
  EXPECT(new.a == old.a);
  write_bytes(new.b, 2);
  NOTHING();
  IS(change(new.a, READ, ADD, 0, 0), 0);
  TAKES(KEVENT(new.a, READ, 0, 0, 2));
}

const struct row kqueue_rows[] = {
    {"KQ-038", changes_only},
    {"KQ-039", error_without_room},
    {"KQ-041", change_and_wait},
    {"KQ-047", errors_replace_events},
    {"KQ-049", error_event},
    {"KQ-050", receipt},
    {"KQ-057", unknown_filter},
    {"KQ-060", itself},
    {"KQ-066", two_filters},
    {"KQ-068", added_twice},
    {"KQ-075", level},
    {"KQ-076", drained_before},
    {"KQ-078", clear},
    {"KQ-082", dispatch},
    {"KQ-083", disable},
    {"KQ-086", added_disabled},
    {"KQ-089", enabled_and_disabled},
    {"KQ-094", fewer_than_ready},
    {"KQ-098", closed_descriptor},
    {"KQ-099", close_drops_the_knote},
    {"KQ-101", reused_number},
    {NULL, NULL},
};
