/* The one instance of the core. */

#include <stdio.h>
#include <stdlib.h>

#include "core.h"

core_instance* open_core(void) {
  static core_instance core;
  static IMPORTS imports;
  if (imports.memory != NULL) return &core;
  wasm_rt_init();
  Z_core_init_module();
  Z_core_instantiate(&core, &imports);
  imports.memory = core_memory(&core);
  uint32_t version = *Z_coreZ_ABI_VERSION(&core);
  if (version != OMNIPOLL_ABI_VERSION) {
    fprintf(stderr, "the core has ABI %u, omnipoll.h has %d\n", version, OMNIPOLL_ABI_VERSION);
    exit(EXIT_FAILURE);
  }
#ifdef CORE_WASI
  /* wasi-oneoff.c counts the bytes of its events. */
  core_trustBytes(&core, 1);
#endif
  return &core;
}
