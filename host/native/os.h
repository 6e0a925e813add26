/* The calls behind omnipoll/os. */

#ifndef OMNIPOLL_OS_H
#define OMNIPOLL_OS_H

#include "addon.h"

#define OS_CALLS

#endif
