/* Shared by all files of the addon: reading arguments, checking addresses that come from
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

/* Reads a number as a 32-bit integer; false if the value is no number or does not fit. */
bool read_i32(napi_env env, napi_value value, int32_t* out);
/* The same for addresses and masks, which WebAssembly passes as signed numbers: a number below 0
 * is taken modulo 2^32. */
bool read_u32(napi_env env, napi_value value, uint32_t* out);

/* Reads one argument that is a descriptor or another 32-bit integer. */
bool read_one(napi_env env, napi_callback_info info, int32_t* out);
/* Reads two such arguments. */
bool read_two(napi_env env, napi_callback_info info, int32_t* first, int32_t* second);

/* The call block: arguments that JavaScript left, and the result it takes. */
struct call {
  double timeout_ms;
  uint32_t arguments[4];
  int32_t result;
};

/* The call block, and the bytes of the buffer that is the only argument: NULL and 0 if `memory` is
 * NULL or the argument is no buffer. The pointers are good until JavaScript runs again. */
struct call* read_call(napi_env env, napi_callback_info info, uint8_t** memory, size_t* length);

/* Points `out` at `count` records of `size` bytes at `address` of the memory. 0, or -EFAULT if they
 * do not all lie inside it. */
int records_in(uint8_t* memory, size_t length, uint32_t address, uint32_t count, size_t size,
               uint8_t** out);

/* Milliseconds as a timespec, rounded up to a nanosecond. `*out` becomes NULL for ever
 * (negative, or beyond any clock). -EINVAL for NaN. */
int timespec_of(double ms, struct timespec* storage, struct timespec** out);

/* The same two from arguments. -EINVAL for wrong types, too. */
int read_records(napi_env env, napi_value memory, napi_value address, napi_value count, size_t size,
                 uint8_t** out, uint32_t* out_count);
/* Reads the four arguments of a call on bytes: (memory, fd, address, length). 0, -EFAULT or
 * -EINVAL. */
int read_span(napi_env env, napi_callback_info info, int32_t* fd, uint8_t** bytes,
              uint32_t* length);
int read_timeout(napi_env env, napi_value value, struct timespec* storage, struct timespec** out);

/* A whole number of milliseconds, rounded up; -1 for ever. */
int whole_ms(const struct timespec* timeout);

/* The value to return to JavaScript. */
napi_value integer(napi_env env, int64_t value);
/* The same for a system call that says -1 and errno. */
napi_value result_of(napi_env env, int64_t result);

#endif
