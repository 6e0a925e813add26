/* An epoll on a pipe. The kernel's epoll has no part in it: the core knows poll(2) alone. */

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core.h"

int main(void) {
  int ends[2];
  core_instance* core = open_core();
  int32_t epoll = core_epollCreate(core, OMNIPOLL_EPOLL_CLOEXEC);
  if (pipe(ends) < 0 || epoll < 0 || core_reserveReady(core, 8) < 0) return 1;
  core_epollControl(core, epoll, OMNIPOLL_EPOLL_CTL_ADD, ends[0], OMNIPOLL_EVENT_IN);
  printf("%d events\n", core_epollWait(core, epoll, 8, 10));

  if (write(ends[1], "x", 1) != 1) return 1;
  int32_t count = core_epollWait(core, epoll, 8, -1);
  for (int32_t i = 0; i < count; i++) {
    uint32_t at = core_readyStart(core) + (uint32_t) i * OMNIPOLL_READY_RECORD_SIZE;
    uint32_t record[2];
    memcpy(record, memory_at(core_memory(core), at, 1, sizeof(record)), sizeof(record));
    const char* end = (int) record[0] == ends[0] ? "read" : "other";
    printf("the %s end has events 0x%x\n", end, record[1]);
  }
  return core_epollClose(core, epoll) < 0;
}
