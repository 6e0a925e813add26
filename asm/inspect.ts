// Reading the registrations of an object, one call for each. Reading changes nothing and allocates
// nothing: every call writes the one registration record.
//
// A place is where a walk over the registrations of an object continues: 0 at the start, then the result
// of the last call. A result of 0 ends the walk, a negative one is an error. A walk is valid until the
// object changes.

import { REGISTRATION_SIZE } from "./abi";
import { RegistrationRecord } from "./records";

/** The record that every inspecting call writes. */
export const registration = changetype<RegistrationRecord>(memory.data(REGISTRATION_SIZE, 8));

/** Writes a registration that is not a knote: a descriptor and an event mask. */
export function describe(fd: i32, mask: u32, state: u32, id: u32): void {
  memory.fill(changetype<usize>(registration), 0, REGISTRATION_SIZE);
  registration.ident = fd as u64;
  registration.flags = mask;
  registration.state = state;
  registration.id = id;
}

/** Address of the registration record. */
export function inspectRecord(): usize {
  return changetype<usize>(registration);
}
