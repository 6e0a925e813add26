// What one platform provides to omnipoll/os.

/** The calls behind omnipoll/os; each returns what is said, or a negative errno. */
export interface OsHost {
  /** dup(2), close-on-exec. */
  dup(fd: number): number;
}
