/* What the files of the addon share: reading arguments, checking addresses that come from
 * WebAssembly, and returning a count or a negative errno. No call throws. */

#ifndef OMNIPOLL_ADDON_H
#define OMNIPOLL_ADDON_H

#include <errno.h>
#include <node_api.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "abi.h"

/* Reads exactly `count` arguments. */
bool read_arguments(napi_env env, napi_callback_info info, size_t count, napi_value* argv);

/* Reads a number as a 32-bit integer; false if it is no number or has no such value. */
bool read_i32(napi_env env, napi_value value, int32_t* out);
/* Reads a number modulo 2^32: WebAssembly passes addresses and masks as signed numbers. */
bool read_u32(napi_env env, napi_value value, uint32_t* out);

/* Points `out` at `count` records of `size` bytes at `address` of the buffer `memory`.
 * 0, -EFAULT if they do not all lie inside it, or -EINVAL for wrong types. The pointer is
 * good until JavaScript runs again. */
int read_records(napi_env env, napi_value memory, napi_value address, napi_value count, size_t size,
                 uint8_t** out, uint32_t* out_count);

/* Milliseconds as a timespec, rounded up to a nanosecond. `*out` becomes NULL for ever
 * (negative, or beyond any clock). -EINVAL for what is not a number. */
int read_timeout(napi_env env, napi_value value, struct timespec* storage, struct timespec** out);

/* The value to return to JavaScript. */
napi_value integer(napi_env env, int64_t value);
/* The same for a system call that says -1 and errno. */
napi_value result_of(napi_env env, int64_t result);

/* The calls, by file: each is listed in addon.c and documented in host/host.ts. */
napi_value select_now(napi_env env, napi_callback_info info);
napi_value select_close(napi_env env, napi_callback_info info);
napi_value select_poll(napi_env env, napi_callback_info info);
napi_value select_epoll_create1(napi_env env, napi_callback_info info);
napi_value select_epoll_ctl(napi_env env, napi_callback_info info);
napi_value select_epoll_wait(napi_env env, napi_callback_info info);

#endif
