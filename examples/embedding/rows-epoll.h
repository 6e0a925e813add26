/* What the rows of epoll share: short names, and waits on the epoll of the row. */

#ifndef ROWS_EPOLL_H
#define ROWS_EPOLL_H

#include "rows.h"

#define ADD OMNIPOLL_EPOLL_CTL_ADD
#define MOD OMNIPOLL_EPOLL_CTL_MOD
#define DEL OMNIPOLL_EPOLL_CTL_DEL
#define IN OMNIPOLL_EVENT_IN
#define OUT OMNIPOLL_EVENT_OUT
#define ERR OMNIPOLL_EVENT_ERR
#define HUP OMNIPOLL_EVENT_HUP
#define RDHUP OMNIPOLL_EVENT_RDHUP
#define RDNORM OMNIPOLL_EVENT_RDNORM
#define ONESHOT OMNIPOLL_EVENT_ONESHOT
#define EXCLUSIVE OMNIPOLL_EVENT_EXCLUSIVE
#define ET OMNIPOLL_EVENT_ET

static inline int32_t control(int32_t op, int fd, uint32_t mask) {
  return core_epollControl(core, object, op, fd, mask);
}

#define NOTHING() SEES_NOTHING(epoll_wait_once, object)
#define GETS(...) SEES(epoll_wait_once, object, -1, __VA_ARGS__)

#endif
