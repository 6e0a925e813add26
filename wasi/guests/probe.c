/*
 * Calls poll_oneoff with what the arguments say, and prints what it returns and what it wrote.
 *
 *   rFD, wFD           subscribes to reading from, writing to a descriptor
 *   cCLOCK:NS          a duration on a clock
 *   sCLOCK:NS          a time on a clock, NS from now
 *   bCLOCK:NS          a time on a clock, NS ago, but never before 0
 *   aCLOCK:NS          that time on a clock
 *   tTAG               a subscription of an unknown type
 *   uNUMBER            the user data of the next subscription; otherwise its index
 *   fNUMBER            the flags of the last subscription
 *   pNUMBER            the precision of the last subscription
 *   xNUMBER            the last subscription so many times
 *   in=, out=, found=  where the arrays and the count are: a number, end-NUMBER, in+NUMBER
 *   n=NUMBER           the count that is passed
 *   grow=PAGES         lets the memory grow before the call
 *   /                  makes the call; another one may follow
 */

#include <stdint.h>
#include <string.h>
#include <wasi/api.h>

#define MOST 10001
#define GAP 4096
static uint8_t arena[GAP + MOST * 80 + 3 * GAP] __attribute__((aligned(16)));
static uint8_t before[sizeof arena];

__attribute__((import_module("wasi_snapshot_preview1"), import_name("poll_oneoff"))) int
poll_oneoff(uint32_t in, uint32_t out, uint32_t count, uint32_t found);

static char text[8192];
static size_t used;

static void put(const char *s) {
  while (*s && used < sizeof text) text[used++] = *s++;
}

static void put_number(const char *name, uint64_t value) {
  char digits[24];
  int at = sizeof digits;
  digits[--at] = 0;
  do digits[--at] = '0' + value % 10;
  while (value /= 10);
  put(name);
  put(&digits[at]);
}

static const char *cursor;

static uint64_t number(void) {
  uint64_t value = 0;
  for (; *cursor >= '0' && *cursor <= '9'; cursor++) value = value * 10 + (*cursor - '0');
  if (*cursor == ':') cursor++;
  return value;
}

static uint64_t now(uint32_t clock) {
  __wasi_timestamp_t time = 0;
  return __wasi_clock_time_get(clock, 1, &time) == 0 ? time : 0;
}

static uint32_t in, out, found, passed, count;
static int is_passed;
static uint64_t userdata, asked;
static int has_userdata;

static void begin(void) {
  count = 0;
  is_passed = has_userdata = 0;
  asked = 0;
  in = (uint32_t)(uintptr_t)arena + GAP;
  out = 0;
  found = (uint32_t)(uintptr_t)arena + 128;
  memset(arena, 0xa5, sizeof arena);
}

static uint8_t *subscription(uint32_t i) {
  return arena + GAP + i * 48;
}

static void set(uint8_t *at, uint64_t value, int size) {
  memcpy(at, &value, size);
}

static void add(uint8_t tag) {
  uint8_t *at = subscription(count);
  /* As in wasi-libc, padding is 0: some runtimes read it. */
  memset(at, 0, 48);
  set(at, has_userdata ? userdata : count, 8);
  at[8] = tag;
  has_userdata = 0;
  count++;
}

static void add_clock(char how) {
  add(0);
  uint8_t *at = subscription(count - 1);
  uint32_t clock = number();
  if (how == 's' && asked == 0) asked = now(1);
  uint64_t ns = number(), time = how == 's' || how == 'b' ? now(clock) : 0;
  if (how == 's') ns += time;
  if (how == 'b') ns = time > ns ? time - ns : 0;
  set(at + 16, clock, 4);
  set(at + 24, ns, 8);
  set(at + 32, 0, 8);
  set(at + 40, how == 'c' ? 0 : 1, 2);
}

static uint32_t address(void) {
  uint32_t end = __builtin_wasm_memory_size(0) * 65536;
  if (strncmp(cursor, "end-", 4) == 0) return cursor += 4, end - (uint32_t)number();
  if (strncmp(cursor, "in+", 3) == 0) return cursor += 3, in + (uint32_t)number();
  return number();
}

static int option(const char *name) {
  size_t length = strlen(name);
  if (strncmp(cursor, name, length) != 0) return 0;
  cursor += length;
  return 1;
}

static void print_event(const uint8_t *at) {
  uint64_t value = 0, bytes;
  memcpy(&value, at, 8);
  memcpy(&bytes, at + 16, 8);
  put_number("event ", value);
  put_number(" ", at[10]);
  put_number(" ", at[8] | at[9] << 8);
  put_number(" ", bytes);
  put_number(" ", at[24] | at[25] << 8);
  int rest = 0;
  for (int i = 11; i < 16; i++) rest += at[i] != 0;
  for (int i = 26; i < 32; i++) rest += at[i] != 0;
  put_number(" ", rest);
  put("\n");
}

static void make_call(void) {
  if (out == 0) out = in + count * 48 + GAP / 2;
  uint32_t given = is_passed ? passed : count;
  memcpy(before, arena, sizeof arena);
  /* A time on a clock counts from when it was asked for. */
  uint64_t start = asked != 0 ? asked : now(1);
  int error = poll_oneoff(in, out, given, found);
  uint64_t took = now(1) - start;
  uint32_t end = __builtin_wasm_memory_size(0) * 65536;
  uint32_t events = 0;
  if (found <= end - 4) memcpy(&events, (void *)(uintptr_t)found, 4);
  uint32_t written = error == 0 ? events : 0;
  uint64_t changed = 0, behind = 0;
  for (uint32_t i = 0; i < sizeof arena; i++) {
    uint32_t at = (uint32_t)(uintptr_t)arena + i;
    int is_event = at >= out && at - out < (uint64_t)written * 32;
    int is_count = error == 0 && at >= found && at - found < 4;
    if (is_event || is_count || arena[i] == before[i]) continue;
    int is_behind = error == 0 && at >= out && at - out < (uint64_t)given * 32;
    if (is_behind) behind++;
    else changed++;
  }
  put_number("call ", error);
  put_number(" ", events);
  put_number(" ", changed);
  put_number(" ", behind);
  put_number(" ", took / 1000);
  put("\n");
  if (error != 0 || events > MOST) return;
  const uint8_t *first = (const uint8_t *)(uintptr_t)out;
  uint32_t same = 0;
  for (uint32_t i = 0; i < events && (uint64_t)out + i * 32 + 32 <= end; i++) {
    const uint8_t *at = first + i * 32;
    if (i < 8) print_event(at);
    uint64_t value;
    memcpy(&value, at, 8);
    same += value == i && memcmp(at + 8, first + 8, 24) == 0;
  }
  if (events > 8) put_number("same ", same), put("\n");
}

static void argument(const char *text) {
  cursor = text + 1;
  switch (*text) {
    case 'r':
    case 'w':
      add(*text == 'r' ? 1 : 2);
      set(subscription(count - 1) + 16, number(), 4);
      return;
    case 'c':
    case 's':
    case 'b':
    case 'a':
      add_clock(*text);
      return;
    case 't':
      add(number());
      return;
    case 'u':
      userdata = number();
      has_userdata = 1;
      return;
    case 'p':
      set(subscription(count - 1) + 32, number(), 8);
      return;
    case 'x':
      for (uint64_t left = number(); left > 1; left--) {
        memcpy(subscription(count), subscription(count - 1), 48);
        set(subscription(count), count, 8);
        count++;
      }
      return;
    case '/':
      make_call();
      begin();
      return;
  }
  cursor = text;
  if (option("in=")) in = address();
  else if (option("out=")) out = address();
  else if (option("found=")) found = address();
  else if (option("n=")) passed = number(), is_passed = 1;
  else if (option("grow=")) __builtin_wasm_memory_grow(0, number());
  else if (option("f")) set(subscription(count - 1) + 40, number(), 2);
}

int main(int argc, char **argv) {
  begin();
  for (int i = 1; i < argc; i++) argument(argv[i]);
  __wasi_ciovec_t all = {(const uint8_t *)text, used};
  __wasi_size_t written;
  return __wasi_fd_write(1, &all, 1, &written);
}
