/* Rows of kqueue: READ, WRITE, TIMER and USER, the filters that need no source but poll(2) and a
 * clock. */

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rows-kqueue.h"

static void read_data(void) {
  struct pair pipe = make_pipe(), pair = make_socketpair(SOCK_STREAM);
  IS(change(pipe.a, READ, ADD, 0, 0), 0);
  IS(change(pair.a, READ, ADD, 0, 0), 0);
  NOTHING();
  write_bytes(pipe.b, 17);
  write_bytes(pair.b, 33);
  TAKES(KEVENT(pipe.a, READ, 0, 0, 17), KEVENT(pair.a, READ, 0, 0, 33));
}

static void read_less(void) {
  struct pair pipe = make_pipe();
  IS(change(pipe.a, READ, ADD, 0, 0), 0);
  write_bytes(pipe.b, 2);
  TAKES(KEVENT(pipe.a, READ, 0, 0, 2));
  read_bytes(pipe.a, 1);
  TAKES(KEVENT(pipe.a, READ, 0, 0, 1));
  read_bytes(pipe.a, 1);
  NOTHING();
}

static void peer_closed(void) {
  struct pair pair = make_socketpair(SOCK_STREAM);
  IS(change(pair.a, READ, ADD, 0, 0), 0);
  close_fd(pair.b);
  TAKES(KEVENT(pair.a, READ, EV_EOF, 0, 0));
  TAKES(KEVENT(pair.a, READ, EV_EOF, 0, 0));
}

static void end_with_bytes(void) {
  struct pair pair = make_socketpair(SOCK_STREAM);
  IS(change(pair.a, READ, ADD, 0, 0), 0);
  write_bytes(pair.b, 4);
  close_fd(pair.b);
  TAKES(KEVENT(pair.a, READ, EV_EOF, 0, 4));
}

static void end_once(void) {
  struct pair pair = make_socketpair(SOCK_STREAM);
  IS(change(pair.a, READ, ADD | CLEAR, 0, 0), 0);
  close_fd(pair.b);
  TAKES(KEVENT(pair.a, READ, CLEAR | EV_EOF, 0, 0));
  NOTHING();
}

static void low_water_mark(void) {
  struct pair pair = make_socketpair(SOCK_STREAM);
  IS(change(pair.a, READ, ADD, OMNIPOLL_NOTE_LOWAT, 16), 0);
  write_bytes(pair.b, 15);
  NOTHING();
  write_bytes(pair.b, 1);
  TAKES(KEVENT(pair.a, READ, 0, 0, 16));
  read_bytes(pair.a, 10);
  NOTHING();
  close_fd(pair.b);
  TAKES(KEVENT(pair.a, READ, EV_EOF, 0, 6));
}

static void end_of_pipe(void) {
  struct pair pipe = make_pipe();
  IS(change(pipe.a, READ, ADD, 0, 0), 0);
  write_bytes(pipe.b, 3);
  close_fd(pipe.b);
  TAKES(KEVENT(pipe.a, READ, EV_EOF, 0, 3));
  read_bytes(pipe.a, 3);
  TAKES(KEVENT(pipe.a, READ, EV_EOF, 0, 0));
}

static void regular_file(void) {
  int file = make_file(10);
  IS(change(file, READ, ADD, 0, 0), 0);
  TAKES(KEVENT(file, READ, 0, 0, 10));
  EXPECT(lseek(file, 10, SEEK_SET) == 10);
  NOTHING();
  EXPECT(lseek(file, 4, SEEK_SET) == 4);
  TAKES(KEVENT(file, READ, 0, 0, 6));
}

static void queue_in_queue(void) {
  int32_t inner = core_kqueueCreate(core);
  int32_t outer = object;
  int fd = core_kqueueFileno(core, inner);
  IS(change(fd, READ, ADD, 0, 0), 0);
  IS(change(fd, WRITE, ADD, 0, 0), -OMNIPOLL_EINVAL);
  NOTHING();
  object = inner;
  IS(change(1, USER, ADD, 0, 0), 0);
  IS(change(1, USER, 0, TRIGGER, 0), 0);
  object = outer;
  TAKES(KEVENT(fd, READ, 0, 0, 1));
  IS(core_kqueueClose(core, inner), 0);
  NOTHING();
}

static void write_of_file(void) {
  int file = make_file(3);
  IS(change(file, WRITE, ADD, 0, 0), 0);
  TAKES(KEVENT(file, WRITE, 0, 0, 0));
}

static void room_of_socket(void) {
  struct kevent_record seen[1];
  struct pair pair = make_socketpair(SOCK_STREAM);
  IS(change(pair.a, WRITE, ADD, 0, 0), 0);
  IS(kevent(NULL, 0, seen, 1, -1), 1);
  EXPECT(seen[0].ident == (uint64_t) pair.a && seen[0].flags == 0 && seen[0].data > 0);
  int64_t room = seen[0].data;
  write_bytes(pair.a, 64);
  IS(kevent(NULL, 0, seen, 1, -1), 1);
  EXPECT(seen[0].data > 0 && seen[0].data < room);
  fill(pair.a);
  NOTHING();
}

static void peer_gone(void) {
  struct kevent_record seen[1];
  struct pair pair = make_socketpair(SOCK_STREAM);
  IS(change(pair.a, WRITE, ADD, 0, 0), 0);
  close_fd(pair.b);
  IS(kevent(NULL, 0, seen, 1, -1), 1);
  EXPECT(seen[0].filter == WRITE && (seen[0].flags & EV_EOF) != 0);
}

static void reader_closed(void) {
  struct kevent_record seen[1];
  struct pair pipe = make_pipe();
  IS(change(pipe.b, WRITE, ADD, 0, 0), 0);
  IS(kevent(NULL, 0, seen, 1, -1), 1);
  EXPECT(seen[0].flags == 0 && seen[0].data > 0);
  close_fd(pipe.a);
  IS(kevent(NULL, 0, seen, 1, -1), 1);
  EXPECT(seen[0].filter == WRITE && (seen[0].flags & EV_EOF) != 0);
}

static void write_once(void) {
  struct kevent_record seen[1];
  struct pair pair = make_socketpair(SOCK_STREAM);
  IS(change(pair.a, WRITE, ADD | CLEAR, 0, 0), 0);
  IS(kevent(NULL, 0, seen, 1, -1), 1);
  NOTHING();
}

static void two_units(void) {
  IS(change(1, TIMER, ADD, OMNIPOLL_NOTE_SECONDS | OMNIPOLL_NOTE_USECONDS, 1), -OMNIPOLL_EINVAL);
}

static void negative_timer(void) { IS(change(1, TIMER, ADD, 0, -1), -OMNIPOLL_EINVAL); }

static void absolute_in_the_past(void) {
  IS(change(1, TIMER, ADD | ONESHOT, OMNIPOLL_NOTE_SECONDS | OMNIPOLL_NOTE_ABSTIME, 1), 0);
  struct kevent_record seen[1];
  IS(kevent(NULL, 0, seen, 1, -1), 1);
  EXPECT(seen[0].filter == TIMER && seen[0].data == 1);
}

static void timer_changed(void) {
  struct kevent_record seen[1];
  double begun = now_ms();
  IS(change(1, TIMER, ADD, 0, 3600000), 0);
  IS(change(1, TIMER, ADD, 0, 20), 0);
  IS(kevent(NULL, 0, seen, 1, -1), 1);
  EXPECT(seen[0].data >= 1 && now_ms() - begun >= 20);
}

static void timers_by_ident(void) {
  struct kevent_record seen[CAPACITY];
  IS(change(1, TIMER, ADD, 0, 3600000), 0);
  IS(change(INT64_MAX, TIMER, ADD | ONESHOT, OMNIPOLL_NOTE_USECONDS, 100), 0);
  IS(kevent(NULL, 0, seen, CAPACITY, -1), 1);
  EXPECT(seen[0].ident == INT64_MAX && seen[0].data == 1);
  IS(change(INT64_MAX, TIMER, DELETE, 0, 0), -OMNIPOLL_ENOENT);
  IS(change(1, TIMER, DELETE, 0, 0), 0);
}

static void trigger(void) {
  IS(change(1, USER, ADD, 0x5, 0), 0);
  NOTHING();
  IS(change(1, USER, 0, TRIGGER, 0), 0);
  TAKES(KEVENT(1, USER, 0, 0x5, 0));
  TAKES(KEVENT(1, USER, 0, 0x5, 0));
}

static void trigger_once(void) {
  IS(change(1, USER, ADD | CLEAR, 0, 0), 0);
  IS(change(1, USER, 0, TRIGGER, 0), 0);
  IS(change(1, USER, 0, TRIGGER, 0), 0);
  TAKES(KEVENT(1, USER, CLEAR, 0, 0));
  NOTHING();
}

static void user_operations(void) {
  IS(change(1, USER, ADD, 0x0f, 0), 0);
  IS(change(1, USER, 0, OMNIPOLL_NOTE_FFAND | 0x0c, 0), 0);
  IS(change(1, USER, 0, OMNIPOLL_NOTE_FFOR | 0x03, 0), 0);
  IS(change(1, USER, 0, TRIGGER, 0), 0);
  TAKES(KEVENT(1, USER, 0, 0x0f, 0));
  IS(change(1, USER, 0, OMNIPOLL_NOTE_FFCOPY | 0xbb, 0), 0);
  TAKES(KEVENT(1, USER, 0, 0xbb, 0));
}

static void oneshot(void) {
  struct pair pipe = make_pipe();
  IS(change(1, USER, ADD | ONESHOT, 0, 0), 0);
  IS(change(1, USER, 0, TRIGGER, 0), 0);
  TAKES(KEVENT(1, USER, ONESHOT, 0, 0));
  IS(change(1, USER, 0, TRIGGER, 0), -OMNIPOLL_ENOENT);
  IS(change(pipe.a, READ, ADD | ONESHOT, 0, 0), 0);
  write_bytes(pipe.b, 1);
  TAKES(KEVENT(pipe.a, READ, ONESHOT, 0, 1));
  NOTHING();
  IS(change(pipe.a, READ, DELETE, 0, 0), -OMNIPOLL_ENOENT);
}

const struct row filter_rows[] = {
    {"KQ-103", read_data},
    {"KQ-104", read_less},
    {"KQ-106", peer_closed},
    {"KQ-107", end_with_bytes},
    {"KQ-109", end_once},
    {"KQ-111", low_water_mark},
    {"KQ-113", end_of_pipe},
    {"KQ-116", regular_file},
    {"KQ-121", queue_in_queue},
    {"KQ-127", room_of_socket},
    {"KQ-131", peer_gone},
    {"KQ-134", reader_closed},
    {"KQ-137", write_of_file},
    {"KQ-138", write_once},
    {"KQ-188", two_units},
    {"KQ-191", negative_timer},
    {"KQ-194", absolute_in_the_past},
    {"KQ-198", timer_changed},
    {"KQ-203", timers_by_ident},
    {"KQ-204", trigger},
    {"KQ-206", trigger_once},
    {"KQ-208", user_operations},
    {"KQ-213", oneshot},
    {NULL, NULL},
};
