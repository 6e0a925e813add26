/* poll-select.c and poll-wait.c in one module, so that they share Emscripten's JavaScript: the first argument is the
 * name of the program. */

#include <stdio.h>
#include <string.h>

int poll_select(void);
int poll_wait(int argc, char** argv);

int main(int argc, char** argv) {
  if (argc > 1 && strcmp(argv[1], "poll-select") == 0) return poll_select();
  if (argc > 1 && strcmp(argv[1], "poll-wait") == 0) return poll_wait(argc - 1, argv + 1);
  fprintf(stderr, "usage: programs poll-select | poll-wait FILE...\n");
  return 2;
}
