// The registrations of an epoll or a kqueue that the kernel keeps, as a host reads them for `inspect()`.

/** The fields of a knote beyond those of every registration (struct knote of FreeBSD). */
export interface KernelKnote {
  /** KQ_FILTER_*. */
  readonly filter: number;
  /** Notes and data of the change that made the knote, or of the last change (kn_sfflags, kn_sdata). */
  readonly sfflags: number;
  readonly sdata: number | bigint;
  /** Notes and data of the event that the knote would report (kn_fflags, kn_data). */
  readonly fflags: number;
  readonly data: number | bigint;
  readonly udata: number | bigint;
  /** Whether the event has happened and was not reported since (KN_ACTIVE). */
  readonly active: boolean;
}

/** One registration. */
export interface KernelRegistration {
  /** The descriptor, or the ident of a knote. */
  readonly ident: number | bigint;
  /** The event mask of an epoll, or the EV_* flags of a knote. */
  readonly flags: number;
  /** Whether the registration reports nothing until it is changed. */
  readonly disabled: boolean;
  readonly knote?: KernelKnote;
}

/** The registrations of one object, and its ready or active list as indices into them. */
export interface KernelQueue {
  readonly registrations: readonly KernelRegistration[];
  /** Undefined if the kernel does not show the list. */
  readonly ready?: readonly number[];
}
