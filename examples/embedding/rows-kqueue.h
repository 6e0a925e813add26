/* What the rows of kqueue share: short names, and calls of kevent(2) on the queue of the row. */

#ifndef ROWS_KQUEUE_H
#define ROWS_KQUEUE_H

#include "rows.h"

#define READ OMNIPOLL_FILTER_READ
#define WRITE OMNIPOLL_FILTER_WRITE
#define TIMER OMNIPOLL_FILTER_TIMER
#define USER OMNIPOLL_FILTER_USER
#define ADD OMNIPOLL_EV_ADD
#define DELETE OMNIPOLL_EV_DELETE
#define ENABLE OMNIPOLL_EV_ENABLE
#define DISABLE OMNIPOLL_EV_DISABLE
#define ONESHOT OMNIPOLL_EV_ONESHOT
#define CLEAR OMNIPOLL_EV_CLEAR
#define RECEIPT OMNIPOLL_EV_RECEIPT
#define DISPATCH OMNIPOLL_EV_DISPATCH
#define EV_ERROR OMNIPOLL_EV_ERROR
#define EV_EOF OMNIPOLL_EV_EOF
#define TRIGGER OMNIPOLL_NOTE_TRIGGER

/* A kevent without udata. */
#define KEVENT(ident, filter, flags, fflags, data) \
  (struct kevent_record) { (uint64_t) (ident), (filter), (flags), (fflags), (data), 0 }

/* kevent(2): the result, with the events in `out`, which may be the changes. */
int32_t kevent(const struct kevent_record* changes, int32_t count, struct kevent_record* out,
               int32_t capacity, double timeout_ms);

/* Applies one change, and waits for nothing. */
static inline int32_t change(int64_t ident, int16_t filter, uint16_t flags, uint32_t fflags,
                             int64_t data) {
  struct kevent_record one = KEVENT(ident, filter, flags, fflags, data);
  return kevent(&one, 1, NULL, 0, 0);
}

/* Compares the events of a wait, in any order. */
void takes(int line, double timeout_ms, size_t count, const struct kevent_record* wanted);

#define NOTHING() takes(__LINE__, 0, 0, NULL)
#define TAKES(...) \
  takes(__LINE__, -1, \
        sizeof((struct kevent_record[]) {__VA_ARGS__}) / sizeof(struct kevent_record), \
        (struct kevent_record[]) {__VA_ARGS__})

#endif
