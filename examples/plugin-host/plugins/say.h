/* Text on descriptors, without stdio: a plugin of a few hundred bytes. */

#ifndef SAY_H
#define SAY_H

#include <string.h>
#include <unistd.h>

static __inline void say(const char *text) {
  write(1, text, strlen(text));
}

static __inline void say_number(unsigned long number) {
  char digits[20];
  int at = sizeof(digits);
  do digits[--at] = '0' + number % 10;
  while ((number /= 10) != 0);
  write(1, digits + at, sizeof(digits) - at);
}

/* "COUNT WHAT, errno ERRNO" */
static __inline void say_count(unsigned long count, const char *what, int error) {
  say_number(count);
  say(" ");
  say(what);
  say(", errno ");
  say_number(error);
  say("\n");
}

#endif
