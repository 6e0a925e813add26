// Why tests of CPython fail in its build for WASI, told from the first fault of a test. A fault without a reason
// here is one of ours, or one that has not been looked at.

const REASONS: ReadonlyArray<readonly [fault: RegExp, reason: string]> = [
  [/can't start new thread|concurrent\.futures\.thread/, "the build has no threads"],
  [/wasi does not support processes/, "WASI has no processes"],
  // socket() of wasi-libc, which asks no host. The tests with the other two faults look at its result.
  [/^OSError: \[Errno 58\] Not supported$/, "wasi-libc makes no sockets"],
  [/^IndexError: tuple index out of range$/, "wasi-libc makes no sockets"],
  [/^UnboundLocalError: cannot access local variable 's'/, "wasi-libc makes no sockets"],
  [/^ModuleNotFoundError: No module named '([\w.]+)'/, "the build lacks $1"],
  [/^AttributeError: Mock object has no attribute '(\w+)'/, "the build lacks socket.$1"],
  [/^AttributeError: <?module '_?(\w+)'[^]*attribute '(\w+)'/, "the build lacks $1.$2"],
];

/**
 * Tests that need another release than 3.12.0, by their classes, without "test_". Those of 3.11 fail with
 * CPython 3.12 on Linux, too; those of 3.12.1 pass in this build with the standard library of 3.12.1.
 */
const OTHER_RELEASE: Readonly<Record<string, string>> = {
  "futures2.FutureReprTests": "recursive_repr_for_pending_tasks",
  "selector_events.BaseSelectorEventLoopTests":
    "make_socket_transport make_ssl_transport_without_ssl_error",
  "selector_events.SelectorTransportTests": "force_close",
  "selector_events.SelectorSocketTransportTests":
    "write_buffer write_eof_buffer write_no_data write_partial write_partial_bytearray write_partial_memoryview \
write_partial_none write_ready write_ready_closing write_ready_exception write_ready_partial \
write_ready_partial_none write_ready_tryagain write_tryagain",
  "tasks.CTaskSubclass_PyFuture_Tests": "cancel_gather_1",
  "tasks.CTask_CFuture_SubclassTests": "cancel_gather_1",
  "tasks.CTask_CFuture_Tests": "cancel_gather_1",
  "tasks.CTask_PyFuture_Tests": "cancel_gather_1",
  "tasks.PyTask_CFutureSubclass_Tests": "cancel_gather_1",
  "tasks.PyTask_CFuture_Tests": "cancel_gather_1",
  "tasks.PyTask_PyFuture_SubclassTests": "cancel_gather_1",
  "tasks.PyTask_PyFuture_Tests": "cancel_gather_1",
  "waitfor.AsyncioWaitForTest": "wait_for_self_cancellation",
  "taskgroups.TestTaskGroup":
    "taskgroup_already_entered taskgroup_double_enter taskgroup_without_parent_task",
  "timeouts.TimeoutTests":
    "timeout_already_entered timeout_double_enter timeout_not_entered timeout_without_task",
  "server.TestServer2": "wait_closed_basic wait_closed_race",
};

/** The reason of the first fault of a test; undefined if none is known. */
export function reasonOf(test: string, fault: string): string | undefined {
  for (const [pattern, reason] of REASONS) {
    const found = pattern.exec(fault);
    if (found) return reason.replace(/\$(\d)/g, (_, i: string) => found[Number(i)] as string);
  }
  const [, group = "", name = ""] =
    /^test\.test_asyncio\.test_(\w+\.\w+)\.test_(\w+)/.exec(test) ?? [];
  const names = OTHER_RELEASE[group]?.split(" ") ?? [];
  return names.includes(name) ? "the test is of another release than the build" : undefined;
}
