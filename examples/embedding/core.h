/* The core as C functions: what wasm2c makes of core.wasm (or of core.wasi.wasm, with -DCORE_WASI),
 * under names of one form. Only this file and core.c know how wabt 1.0.32 names things. */

#ifndef CORE_H
#define CORE_H

#include <stddef.h>
#include <stdint.h>

/* Written by wasm2c: `wasm2c core.wasm -n core -o core-module.c`. */
#include "core-module.h"

/* How omnipoll.h declares the exports. */
#define OMNIPOLL_INSTANCE Z_core_instance_t* core
#define OMNIPOLL_SELF core
#include "omnipoll.h"

/* The import module: IMPORT(poll) is the name of the function `poll` in it, and every function gets
 * the struct that the instance was made with. */
#ifdef CORE_WASI
#define IMPORT(name) Z_wasi_snapshot_preview1Z_##name
#define IMPORTS struct Z_wasi_snapshot_preview1_instance_t
#else
#define IMPORT(name) Z_hostZ_##name
#define IMPORTS struct Z_host_instance_t
#endif

IMPORTS {
  /* The memory of the core. Its `data` and `size` change when the memory grows. */
  wasm_rt_memory_t* memory;
};

/* The exports: core_epollWait(core, handle, capacity, timeoutMs) and so on. */
#define CORE_FUNCTION(result, name, parameters, arguments) \
  static inline result core_##name parameters { return (result) Z_coreZ_##name arguments; }
#define CORE_PROCEDURE(name, parameters, arguments) \
  static inline void core_##name parameters { Z_coreZ_##name arguments; }
OMNIPOLL_EXPORTS(CORE_FUNCTION, CORE_PROCEDURE)
#ifdef CORE_WASI
OMNIPOLL_WASI_EXPORTS(CORE_FUNCTION, CORE_PROCEDURE)
#endif

typedef Z_core_instance_t core_instance;

/* The core of this program, made at the first call. Ends the program if omnipoll.h is of another
 * ABI. */
core_instance* open_core(void);

/* The memory of the core. */
static inline wasm_rt_memory_t* core_memory(core_instance* core) { return Z_coreZ_memory(core); }

/* `count` records of `size` bytes at an address of the core; NULL if a byte is outside the memory.
 * The pointer is valid until the next call of the core, which may grow the memory. */
static inline void* memory_at(const wasm_rt_memory_t* memory, uint32_t address, uint32_t count,
                              uint32_t size) {
  uint64_t end = address + (uint64_t) count * size;
  return end <= memory->size ? memory->data + address : NULL;
}

#endif
