/* The calls of the addon on every platform. Each folder has such a list: an entry here and the
 * function select_ with the entry's name are all that a call needs in C. addon.c makes the
 * declarations and the exports from the lists.
 *
 * CALL takes its arguments from JavaScript, BLOCK from the call block. host/host.ts and host/os.ts
 * document the calls. */

#ifndef OMNIPOLL_CALLS_H
#define OMNIPOLL_CALLS_H

#define COMMON_CALLS(CALL, BLOCK) CALL(now) CALL(realtime) CALL(close) BLOCK(poll)

#endif
