/* Signals, counted on the way to their handlers.
 *
 * For each watched signal, one handler of ours adds 1 to each eventfd that watches the signal. Then
 * it does what would have happened without it: it calls the earlier handler, takes the default
 * action, or does nothing. Three things make this more than a pointer to the earlier handler:
 * (a) Other code installs a handler later and throws ours away (libuv does, when a listener for a
 *     signal comes or goes). signal_rechain() puts ours on top of that handler.
 * (b) Other code installs a handler later and calls ours from it. After (a) that handler is above
 *     and below ours at once. So the earlier actions are a stack. When our handler is called by the
 *     handler that it called (the context is the same then), it goes on below that handler and
 *     counts nothing.
 * (c) Our handler can run at any time in any thread, while the tables change. So it reads only
 *     atomic words, and records that never change and are never freed; there are few. */

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sources.h"

#define SIGNALS 65

/* The action that follows ours: an earlier handler, the default, or nothing. */
struct layer {
  struct layer* below;
  struct layer* made_before;
  struct sigaction action;
};

/* An eventfd that counts a signal; fd is -1 while the watcher is free. */
struct watcher {
  struct watcher* next;
  _Atomic int fd;
  napi_env env;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct layer* _Atomic top[SIGNALS];
static struct watcher* _Atomic watchers[SIGNALS];
/* All layers that a signal ever had, to be used again. */
static struct layer* layers[SIGNALS];
/* Watchers in use; running handlers that may be about to write to a descriptor. */
static atomic_int watching = 0, counting = 0;

/* Deliveries from which our handler has not returned. Only the thread of a delivery reads more than
 * `owner`. */
#define MOST_RUNNING 64
static struct run {
  _Atomic uint64_t owner; /* thread and signal; 0 if free */
  const void* context;
  uintptr_t frame;
  size_t depth;
} running[MOST_RUNNING];

/* The run of this delivery, a new one or one that is entered again; NULL if all runs are taken, and
 * then (b) is not noticed. A run whose frame is not above this one never returned: its handler left
 * with longjmp(3). */
static struct run* enter(int signal, const void* context, uintptr_t frame) {
  uint64_t owner = (uint64_t) syscall(SYS_gettid) << 8 | (uint64_t) signal;
  for (size_t i = 0; i < MOST_RUNNING; i++) {
    struct run* run = &running[i];
    if (atomic_load(&run->owner) != owner) continue;
    if (run->frame <= frame) {
      atomic_store(&run->owner, 0);
    } else if (run->context == context) {
      run->depth++;
      return run;
    }
  }
  for (size_t i = 0; i < MOST_RUNNING; i++) {
    struct run* run = &running[i];
    uint64_t free_run = 0;
    if (!atomic_compare_exchange_strong(&run->owner, &free_run, owner)) continue;
    run->context = context;
    run->frame = frame;
    run->depth = 0;
    return run;
  }
  return NULL;
}

static void leave(struct run* run) {
  if (run == NULL) return;
  if (run->depth > 0) {
    run->depth--;
  } else {
    atomic_store(&run->owner, 0);
  }
}

static void count(int signal) {
  const uint64_t one = 1;
  atomic_fetch_add(&counting, 1);
  for (struct watcher* watcher = atomic_load(&watchers[signal]); watcher != NULL;
       watcher = watcher->next) {
    int fd = atomic_load(&watcher->fd);
    /* It fails when 2^64 - 2 are counted already. */
    if (fd >= 0 && write(fd, &one, sizeof(one)) < 0) continue;
  }
  atomic_fetch_sub(&counting, 1);
}

static bool is_ignored_by_default(int signal) {
  return signal == SIGCHLD || signal == SIGURG || signal == SIGWINCH || signal == SIGCONT;
}

/* Takes the default action: ends or stops the process. Returns if the process was stopped and
 * continued, or if it is the first process of its namespace, which no signal ends. */
static void take_default_action(int signal) {
  struct sigaction ours, now, fallback = {.sa_handler = SIG_DFL};
  sigset_t only, before;
  sigemptyset(&only);
  sigaddset(&only, signal);
  sigaction(signal, &fallback, &ours);
  raise(signal);
  pthread_sigmask(SIG_UNBLOCK, &only, &before);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (sigaction(signal, NULL, &now) == 0 && now.sa_handler == SIG_DFL) {
    sigaction(signal, &ours, NULL);
  }
}

static void on_signal(int signal, siginfo_t* info, void* context);

static bool is_ours(const struct sigaction* action) {
  return (action->sa_flags & SA_SIGINFO) != 0 && action->sa_sigaction == on_signal;
}

static bool is_handler(const struct sigaction* action) {
  return action->sa_handler != SIG_DFL && action->sa_handler != SIG_IGN;
}

static void on_signal(int signal, siginfo_t* info, void* context) {
  int saved = errno;
  struct run* run = enter(signal, context, (uintptr_t) __builtin_frame_address(0));
  size_t depth = run == NULL ? 0 : run->depth;
  struct layer* layer = atomic_load(&top[signal]);
  bool is_ignored = layer != NULL && layer->action.sa_handler == SIG_IGN;
  /* The kernel reports no children to a process that ignores SIGCHLD; kill(2) is not about a
   * child. */
  bool is_reported = !(is_ignored && signal == SIGCHLD && info->si_code > 0);
  if (depth == 0 && is_reported) count(signal);
  for (size_t i = 0; i < depth && layer != NULL; i++) layer = layer->below;

  errno = saved;
  if (layer == NULL || layer->action.sa_handler == SIG_IGN) {
    leave(run);
  } else if (layer->action.sa_handler == SIG_DFL) {
    leave(run);
    if (!is_ignored_by_default(signal)) take_default_action(signal);
  } else {
    if ((layer->action.sa_flags & SA_RESETHAND) != 0 && layer->below != NULL) {
      /* The layer below one of these is the default action. */
      struct layer* expected = layer;
      atomic_compare_exchange_strong(&top[signal], &expected, layer->below);
    }
    if ((layer->action.sa_flags & SA_SIGINFO) != 0) {
      layer->action.sa_sigaction(signal, info, context);
    } else {
      layer->action.sa_handler(signal);
    }
    leave(run);
  }
  errno = saved;
}

static bool are_equal(const struct sigaction* one, const struct sigaction* other) {
  if (one->sa_handler != other->sa_handler || one->sa_flags != other->sa_flags) return false;
  for (int signal = 1; signal < SIGNALS; signal++) {
    if (sigismember(&one->sa_mask, signal) != sigismember(&other->sa_mask, signal)) return false;
  }
  return true;
}

/* The layer with an action above another; NULL if there is no memory for it. */
static struct layer* layer_of(int signal, const struct sigaction* action, struct layer* below) {
  for (struct layer* made = layers[signal]; made != NULL; made = made->made_before) {
    if (made->below == below && are_equal(&made->action, action)) return made;
  }
  struct layer* layer = malloc(sizeof(*layer));
  if (layer == NULL) return NULL;
  *layer = (struct layer) {.below = below, .made_before = layers[signal], .action = *action};
  layers[signal] = layer;
  return layer;
}

/* Puts an action on the stack. If the stack has the action already, the layers above it go. */
static bool push(int signal, const struct sigaction* action) {
  struct layer* layer = atomic_load(&top[signal]);
  while (layer != NULL && !are_equal(&layer->action, action)) layer = layer->below;
  if (layer == NULL) {
    struct layer* below = atomic_load(&top[signal]);
    if ((action->sa_flags & SA_RESETHAND) != 0 && is_handler(action)) {
      struct sigaction fallback = {.sa_handler = SIG_DFL};
      below = layer_of(signal, &fallback, NULL);
      if (below == NULL) return false;
    }
    layer = layer_of(signal, action, below);
    if (layer == NULL) return false;
  }
  atomic_store(&top[signal], layer);
  return true;
}

/* Our action, with the flags and the mask of the earlier one: the kernel reads restarted calls, the
 * stack, zombies and blocked signals from them. */
static struct sigaction ours_above(int signal, const struct sigaction* earlier) {
  struct sigaction ours = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};
  int kept = SA_NOCLDSTOP | SA_NOCLDWAIT;
  if (is_handler(earlier)) {
    ours.sa_mask = earlier->sa_mask;
    ours.sa_flags |= earlier->sa_flags & (kept | SA_ONSTACK | SA_RESTART | SA_NODEFER);
  } else {
    sigemptyset(&ours.sa_mask);
    ours.sa_flags |= (earlier->sa_flags & kept) | SA_ONSTACK | SA_RESTART;
    if (signal == SIGCHLD && earlier->sa_handler == SIG_IGN) ours.sa_flags |= kept;
  }
  return ours;
}

/* Puts our handler on top, unless it is there already. 0 or a negative errno. */
static int install(int signal) {
  struct sigaction now, replaced;
  if (sigaction(signal, NULL, &now) < 0) return -errno;
  while (!is_ours(&now)) {
    if (!push(signal, &now)) return -ENOMEM;
    struct sigaction ours = ours_above(signal, &now);
    if (sigaction(signal, &ours, &replaced) < 0) return -errno;
    if (are_equal(&replaced, &now)) return 0;
    /* Another thread installed a handler just now. */
    now = replaced;
  }
  return 0;
}

/* Puts the earlier action back, unless the handler of other code is above ours and may call it. */
static void uninstall(int signal) {
  struct sigaction now;
  struct layer* layer = atomic_load(&top[signal]);
  if (layer != NULL && sigaction(signal, NULL, &now) == 0 && is_ours(&now)) {
    sigaction(signal, &layer->action, NULL);
    /* If that handler calls ours, ours must not call that handler. */
    if (layer->below != NULL) atomic_store(&top[signal], layer->below);
  }
}

/* No process can handle these two, and FreeBSD accepts a knote for them without an error. */
static bool is_uncatchable(int signal) { return signal == SIGKILL || signal == SIGSTOP; }

static bool is_watched(int signal) {
  for (struct watcher* one = atomic_load(&watchers[signal]); one != NULL; one = one->next) {
    if (atomic_load(&one->fd) >= 0) return true;
  }
  return false;
}

/* A free watcher, or a new one. */
static struct watcher* free_watcher(int signal) {
  for (struct watcher* one = atomic_load(&watchers[signal]); one != NULL; one = one->next) {
    if (atomic_load(&one->fd) < 0) return one;
  }
  struct watcher* watcher = calloc(1, sizeof(*watcher));
  if (watcher == NULL) return NULL;
  watcher->next = atomic_load(&watchers[signal]);
  atomic_store(&watcher->fd, -1);
  atomic_store(&watchers[signal], watcher);
  return watcher;
}

static void end(int signal, struct watcher* watcher) {
  int fd = atomic_exchange(&watcher->fd, -1);
  atomic_fetch_sub(&watching, 1);
  /* No handler may write to the number once it means another file. */
  while (atomic_load(&counting) > 0) sched_yield();
  close(fd);
  if (!is_uncatchable(signal) && !is_watched(signal)) uninstall(signal);
}

static int begin(napi_env env, int signal) {
  struct watcher* watcher = free_watcher(signal);
  if (watcher == NULL) return -ENOMEM;
  int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (fd < 0) return -errno;
  watcher->env = env;
  atomic_store(&watcher->fd, fd);
  atomic_fetch_add(&watching, 1);
  /* The C library keeps two signals for itself and returns EINVAL for them. */
  int failure = is_uncatchable(signal) ? 0 : install(signal);
  if (failure == 0) return fd;
  end(signal, watcher);
  return failure;
}

napi_value select_signal_open(napi_env env, napi_callback_info info) {
  int32_t signal = 0;
  if (!read_one(env, info, &signal) || signal < 1 || signal >= SIGNALS) {
    return integer(env, -EINVAL);
  }
  pthread_mutex_lock(&lock);
  int result = begin(env, signal);
  pthread_mutex_unlock(&lock);
  return integer(env, result);
}

/* Ends the watcher of an environment that has a descriptor, or all its watchers if `fd` is -1. */
static int end_of(napi_env env, int fd) {
  int ended = 0;
  for (int signal = 1; signal < SIGNALS; signal++) {
    for (struct watcher* one = atomic_load(&watchers[signal]); one != NULL; one = one->next) {
      int number = atomic_load(&one->fd);
      if (number < 0 || one->env != env || (fd != -1 && fd != number)) continue;
      end(signal, one);
      ended++;
    }
  }
  return ended;
}

napi_value select_signal_close(napi_env env, napi_callback_info info) {
  int32_t fd = 0;
  if (!read_one(env, info, &fd)) return integer(env, -EINVAL);
  pthread_mutex_lock(&lock);
  int ended = fd < 0 ? 0 : end_of(env, fd);
  pthread_mutex_unlock(&lock);
  return integer(env, ended > 0 ? 0 : -EBADF);
}

void signal_forget(napi_env env) {
  pthread_mutex_lock(&lock);
  end_of(env, -1);
  pthread_mutex_unlock(&lock);
}

void signal_rechain(void) {
  if (atomic_load(&watching) == 0) return;
  pthread_mutex_lock(&lock);
  for (int signal = 1; signal < SIGNALS; signal++) {
    if (!is_uncatchable(signal) && is_watched(signal)) install(signal);
  }
  pthread_mutex_unlock(&lock);
}

napi_value select_signal_rechain(napi_env env, napi_callback_info info) {
  (void) info;
  signal_rechain();
  return integer(env, 0);
}
