/* Raises SIGKILL: a runtime that obeyed would kill the host. */

#include "say.h"

__attribute__((__import_module__("wasi_snapshot_preview1"), __import_name__("proc_raise"))) int
proc_raise(int signal);

int main(void) {
  proc_raise(9);
  say("still here\n");
  return 0;
}
