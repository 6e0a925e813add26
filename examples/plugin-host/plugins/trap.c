/* Does what no module may: the sandbox traps. */

int main(void) {
  __builtin_trap();
}
