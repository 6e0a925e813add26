// The rows of the conformance catalogue, group by group; the rows without a test; and the rows whose outcome in
// omnipoll is another one. The name of a test begins with its rows: `test("SEL-04: duplicates are kept"`.

import { DIFFERENCES_EPOLL, NOT_RUN_EPOLL } from "./epoll.ts";
import { DIFFERENCES_KQUEUE, NOT_RUN_KQUEUE } from "./kqueue.ts";
import { DIFFERENCES_KQUEUE_FILTERS, NOT_RUN_KQUEUE_FILTERS } from "./kqueue-filters.ts";

function rows(group: string, numbers: string): string[] {
  return numbers
    .trim()
    .split(/\s+/)
    .map((number) => `${group}-${number}`);
}

/** Every row of the groups SEL, POL, EPO, CON, XC, KQ, DEV and EMU. */
export const ROWS: readonly string[] = [
  ...rows(
    "SEL",
    `01 02 03 04 05 06 08 10 11 12 13 15 16 17 18 20 21 22 23 24 26 30 31 32 33 35 36 37 39 40 41 42
    43 44 45 48 49 50 51 52 53 54 55 56 57 58`,
  ),
  ...rows(
    "POL",
    `01 02 03 04 05 06 07 08 10 12 13 15 16 17 19 21 23 25 26 27 28 29 31 32 33 34 35 36 37 39 40 41
    42 44 45 46 47 48 49 50 51 52 53 54 57 59 60 61 62 63 64`,
  ),
  ...rows(
    "EPO",
    `001 002 003 005 006 007 008 009 010 011 013 015 016 017 018 019 020 021 022 024 025 026 027 028
    029 031 032 033 034 035 036 037 038 039 040 041 042 043 044 045 046 047 048 049 050 051 052 053
    054 055 056 057 058 060 061 063 064 065 066 067 068 069 071 072 073 074 075 076 078 079 080 082
    083 084 085 086 087 088 090 092 093 096 098 100 101 102 105 106 107 109 110 112 113 114 115 116
    117 119 120 121 122 124 125 126 128 129 130 131 132 133 136 137 138 139 140 142 143 144 145 146
    147 149 150 152 153 154 155 157 158 159 160 161 162 163 165 166 168 169 172 173 174 175 177 178`,
  ),
  ...rows("CON", "01 02 03 04 05 06 07 08 09 10 11 12 13 14 15 16 17 18"),
  ...rows(
    "XC",
    `01 02 04 06 08 09 10 11 12 13 14 15 16 17 18 19 20 22 23 25 26 27 28 29 31 32 33 34 36 37 39 40
    41 42 43 44 45 46 49 50 51 52 54`,
  ),
  ...rows(
    "KQ",
    `002 003 006 008 009 011 013 015 018 020 022 023 024 025 026 027 029 030 031 032 033 035 036
    037 038 039 041 042 043 046 047 048 049 050 051 052 054 055 056 057 058 059 060 061 063 064
    065 066 068 069 070 072 074 075 076 077 078 081 082 083 084 086 088 089 090 091 093 094 095
    096 098 099 100 101 102 103 104 105 106 107 108 109 111 112 113 114 115 116 117 119 120 121
    122 123 124 125 126 127 129 130 131 132 134 135 136 137 138 139 140 141 143 144 145 146 147
    150 151 152 153 154 155 156 157 158 159 161 162 163 164 165 166 167 168 169 171 172 173 174
    175 176 177 179 180 181 182 183 184 188 190 191 194 195 196 197 198 199 200 201 203 204 205
    206 207 208 209 210 211 212 213 214 215 216 217 218 219 220`,
  ),
  ...rows(
    "DEV",
    `02 05 06 07 10 12 13 15 16 17 18 19 20 21 22 23 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39
    40 41 42`,
  ),
  ...rows("EMU", "01 02 03 04 05 06 07 08 09 10 11 12 13 14 15 16 17 18 19 20"),
];

/** Rows without a test, and the reasons. */
export const NOT_RUN: Record<string, string> = {
  ...NOT_RUN_EPOLL,
  ...NOT_RUN_KQUEUE,
  ...NOT_RUN_KQUEUE_FILTERS,
  "CON-16": "the names of CPython on Solaris; omnipoll has every name on every platform",
  "CON-17": "the names of CPython on Windows; omnipoll has every name on every platform",
  "POL-29": "threads of JavaScript share no objects, so two threads cannot poll one object",
  "POL-31": "threads of JavaScript share no objects, so no thread can register during a poll",
  "POL-35": "omnipoll refuses a negative descriptor before it calls poll(2)",
  "POL-36": "an object has one registration for each descriptor, so poll(2) never gets two",
  "POL-57": "raw poll(2); the core resumes every interrupted call",
  "POL-59": "neither Python nor omnipoll has a parameter for the signal mask of ppoll",
  "POL-63": "macOS only",
  "POL-64": "Windows only",
  "SEL-48": "raw select(2); the core calls poll(2)",
  "SEL-49": "raw select(2); the core calls poll(2)",
  "SEL-51": "a signal handler of JavaScript runs after the call, so it cannot throw out of it",
  "SEL-55": "neither Python nor omnipoll has a parameter for the signal mask of pselect",
  "SEL-56": "neither Python nor omnipoll has a parameter for the timespec of pselect",
  "SEL-58": "Windows only",
  "XC-10": "a test must not step the clock of the machine",
  "XC-14": "a signal handler of JavaScript runs after the call, so it cannot throw out of it",
  "XC-15": "a signal handler of JavaScript runs after the call, so it cannot write during it",
  "XC-17": "raw calls; the core resumes every interrupted call",
  "XC-23": "Node cannot fork without exec",
  "XC-43": "threads of JavaScript share no objects, so two threads cannot poll one object",
  "XC-46": "threads of JavaScript share no objects, so two threads cannot poll one object",
};

/** Rows whose outcome in omnipoll is another one, and the reasons. Their tests assert omnipoll's outcome. */
export const DIFFERENCES: Record<string, string> = {
  ...DIFFERENCES_EPOLL,
  ...DIFFERENCES_KQUEUE,
  ...DIFFERENCES_KQUEUE_FILTERS,
  "CON-01": "the constants of all five APIs exist on every platform",
  "CON-07": "POLL* have Linux's values on every platform; hosts translate",
  "CON-08": "POLL* have Linux's values on every platform; hosts translate",
  "CON-09": "POLLMSG exists on every platform",
  "CON-14": "the names of NETDEV exist on every platform, and work where the core serves them",
  "CON-15": "names that CPython lacks and programs need exist",
  "POL-03": "an object cannot forbid structuredClone, which makes a plain object without methods",
  "POL-04": "pollInto and the promises are beyond Python",
  "POL-16": "JavaScript has one type of number, so 1.0 is the integer 1",
  "SEL-08": "any iterable is a list, as in Python; the messages are omnipoll's",
  "SEL-15": "select() is translated to poll(2), so a descriptor may be 1024 and above",
  "SEL-16": "select() is translated to poll(2), so a list may be longer than 1024",
  "SEL-33": "a number beyond the descriptor table is EBADF, not ready",
  "XC-25": "select() has no limit of 1024",
  "XC-26": "poll(2) reports an O_PATH descriptor as a closed one: select() has EBADF",
  "XC-52": "messages begin like Python's, and then name the code and the call",
};
