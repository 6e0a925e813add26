/* Rows of epoll: edge-triggered and one-shot registrations. */

#include <sys/socket.h>
#include <unistd.h>

#include "rows-epoll.h"

/* A pipe whose read end is registered edge-triggered. */
static struct pair edge_pipe(void) {
  struct pair pipe = make_pipe();
  IS(control(ADD, pipe.a, IN | ET), 0);
  NOTHING();
  return pipe;
}

static void edge_of_new_data(void) {
  struct pair pipe = edge_pipe();
  write_bytes(pipe.b, 1);
  GETS(EVENT(pipe.a, IN));
  NOTHING();
  write_bytes(pipe.b, 1);
  GETS(EVENT(pipe.a, IN));
  NOTHING();
}

static void edges_coalesce(void) {
  struct pair pipe = edge_pipe();
  write_bytes(pipe.b, 1);
  write_bytes(pipe.b, 1);
  GETS(EVENT(pipe.a, IN));
  NOTHING();
}

static void reading_is_no_edge(void) {
  struct pair pipe = edge_pipe();
  write_bytes(pipe.b, 3);
  GETS(EVENT(pipe.a, IN));
  read_bytes(pipe.a, 1);
  NOTHING();
}

static void edge_and_read(void) {
  struct pair pipe = edge_pipe();
  write_bytes(pipe.b, 3);
  GETS(EVENT(pipe.a, IN));
  write_bytes(pipe.b, 3);
  read_bytes(pipe.a, 2);
  GETS(EVENT(pipe.a, IN));
  NOTHING();
}

static void empty_write(void) {
  struct pair pipe = edge_pipe();
  EXPECT(write(pipe.b, "", 0) == 0);
  NOTHING();
}

static void edge_has_whole_state(void) {
  struct pair pair = make_socketpair(SOCK_STREAM);
  IS(control(ADD, pair.a, IN | OUT | ET), 0);
  GETS(EVENT(pair.a, OUT));
  NOTHING();
  write_bytes(pair.b, 1);
  GETS(EVENT(pair.a, IN | OUT));
  NOTHING();
}

static void edge_of_hang_up(void) {
  struct pair pipe = edge_pipe();
  write_bytes(pipe.b, 1);
  close_fd(pipe.b);
  GETS(EVENT(pipe.a, IN | HUP));
  NOTHING();
  read_bytes(pipe.a, 1);
  NOTHING();
}

static void modifying_rearms(void) {
  struct pair pipe = edge_pipe();
  write_bytes(pipe.b, 1);
  GETS(EVENT(pipe.a, IN));
  IS(control(MOD, pipe.a, IN | ET), 0);
  GETS(EVENT(pipe.a, IN));
  NOTHING();
}

static void modifying_drops(void) {
  struct pair pipe = make_pipe();
  IS(control(ADD, pipe.a, IN), 0);
  write_bytes(pipe.b, 1);
  IS(control(MOD, pipe.a, OUT), 0);
  NOTHING();
}

/* A pipe whose read end is registered one-shot and was reported. */
static struct pair reported_oneshot(void) {
  struct pair pipe = make_pipe();
  IS(control(ADD, pipe.a, IN | ONESHOT), 0);
  write_bytes(pipe.b, 1);
  GETS(EVENT(pipe.a, IN));
  return pipe;
}

static void oneshot(void) {
  struct pair pipe = reported_oneshot();
  NOTHING();
  write_bytes(pipe.b, 1);
  NOTHING();
}

static void oneshot_is_silent(void) {
  struct pair pipe = reported_oneshot();
  close_fd(pipe.b);
  NOTHING();
}

static void oneshot_is_registered(void) {
  struct pair pipe = reported_oneshot();
  IS(control(ADD, pipe.a, IN), -OMNIPOLL_EEXIST);
}

static void oneshot_rearmed(void) {
  struct pair pipe = reported_oneshot();
  IS(control(MOD, pipe.a, IN | ONESHOT), 0);
  GETS(EVENT(pipe.a, IN));
  close_fd(pipe.b);
  IS(control(MOD, pipe.a, IN | ONESHOT), 0);
  GETS(EVENT(pipe.a, IN | HUP));
  NOTHING();
}

static void oneshot_edge(void) {
  struct pair pipe = edge_pipe();
  IS(control(MOD, pipe.a, IN | ET | ONESHOT), 0);
  write_bytes(pipe.b, 1);
  GETS(EVENT(pipe.a, IN));
  IS(control(MOD, pipe.a, IN | ET | ONESHOT), 0);
  GETS(EVENT(pipe.a, IN));
  read_bytes(pipe.a, 1);
  IS(control(MOD, pipe.a, IN | ET | ONESHOT), 0);
  NOTHING();
  write_bytes(pipe.b, 1);
  GETS(EVENT(pipe.a, IN));
}

const struct row edge_rows[] = {
    {"EPO-105", edge_of_new_data},
    {"EPO-106", edges_coalesce},
    {"EPO-107", reading_is_no_edge},
    {"EPO-109", edge_and_read},
    {"EPO-110", empty_write},
    {"EPO-112", edge_has_whole_state},
    {"EPO-114", edge_of_hang_up},
    {"EPO-117", modifying_rearms},
    {"EPO-119", modifying_drops},
    {"EPO-130", oneshot},
    {"EPO-131", oneshot_is_silent},
    {"EPO-132", oneshot_is_registered},
    {"EPO-133", oneshot_rearmed},
    {"EPO-136", oneshot_edge},
    {NULL, NULL},
};
