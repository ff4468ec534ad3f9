/*
 * msgq.h: System V message queues, from libmsgq.
 *
 * The four calls are declared by <sys/msg.h>, and again here, with their documentation. A program
 * that includes <sys/msg.h> alone is linked with libmsgq just as well.
 *
 * Made from src/abi.rs and src/hooks/call.rs by cbindgen; do not change it by hand.
 */

#ifndef MSGQ_H
#define MSGQ_H


/* First: C++ accepts the declarations below only after those of the C library. */
#include <sys/types.h>
#include <sys/msg.h>


/**
 * A msgq_call's function: msgget().
 */
#define MSGQ_MSGGET 1

/**
 * A msgq_call's function: msgctl().
 */
#define MSGQ_MSGCTL 2

/**
 * A msgq_call's function: msgsnd().
 */
#define MSGQ_MSGSND 3

/**
 * A msgq_call's function: msgrcv().
 */
#define MSGQ_MSGRCV 4

/**
 * A call, as a hook sees it. The arguments have the names that the manual pages give them; those
 * that the function does not have are 0. Later versions may add fields at the end.
 */
typedef struct msgq_call {
  /**
   * Which function is called: MSGQ_MSGGET, MSGQ_MSGCTL, MSGQ_MSGSND or MSGQ_MSGRCV.
   */
  int function;
  /**
   * msgget's key.
   */
  key_t key;
  /**
   * The queue's id, of all but msgget.
   */
  int msqid;
  /**
   * The flags, of all but msgctl.
   */
  int msgflg;
  /**
   * msgctl's command.
   */
  int cmd;
  /**
   * 1 where a hook has answered, so that the queues are not asked; else 0.
   */
  int answered;
  /**
   * msgctl's structure. As the caller gave it: it may be a bad address.
   */
  struct msqid_ds *buf;
  /**
   * The message of msgsnd and msgrcv. As the caller gave it: it may be a bad address. msgrcv's
   * is there only when the call has succeeded; msgsnd's must not be changed.
   */
  void *msgp;
  /**
   * The size of msgsnd and msgrcv, in bytes.
   */
  size_t msgsz;
  /**
   * The type that msgrcv asks for.
   */
  long msgtyp;
  /**
   * What the call returns: set when it has returned, or by the hook that answers it.
   */
  ssize_t result;
  /**
   * The errno of a call that returns -1: set as `result` is.
   */
  int error;
} msgq_call;

/**
 * A function that is called before a call. To let the call go on it returns 0. To answer it, it
 * stores what the call is to return in `call->result` and, if that is -1, the errno in
 * `call->error`, and returns 1; where several hooks answer, the first answer counts. Nothing else
 * that it stores in `*call` has any effect.
 */
typedef int (*msgq_before)(struct msgq_call *call, void *data);

/**
 * A function that is called when a call has returned.
 */
typedef void (*msgq_after)(const struct msgq_call *call, void *data);

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * The version of this library, as text: "0.1.0". Also the mark by which a program tells that
 * this library is loaded: `dlsym(RTLD_DEFAULT, "msgq_version")`.
 *
 * The string is static. Never fails.
 */
const char *msgq_version(void);

/**
 * Opens the message queue of a key, or creates one.
 *
 * `key`: the queue's key; IPC_PRIVATE always creates a queue.
 *
 * `msgflg`: IPC_CREAT creates the queue where there is none; with IPC_EXCL too, an existing one is
 * an error. The low nine bits are the permissions: those of a new queue, or those that are
 * asked of an old one.
 *
 * Returns the queue's id, or -1 with errno:
 * EACCES, the queue does not grant these permissions;
 * EEXIST, there is a queue, and IPC_CREAT and IPC_EXCL were given;
 * ENOENT, there is none, and IPC_CREAT was not given;
 * ENOMEM, the system has no memory for it;
 * ENOSPC, there are as many queues as the system allows (msgmni);
 * ENOSYS, MSGQ_ENGINE or another variable of this library means nothing.
 *
 * Source: POSIX.1-2017 msgget(); msgget(2).
 */
int msgget(key_t key, int msgflg);

/**
 * Reads, changes or removes a message queue.
 *
 * `msqid`: the queue's id, from msgget().
 *
 * `cmd`: IPC_STAT copies the queue's data to `buf`; IPC_SET takes owner, group, permissions and
 * msg_qbytes from it; IPC_RMID removes the queue and ends every call that waits on it. Linux only,
 * with _GNU_SOURCE: IPC_INFO and MSG_INFO fill a struct msginfo; MSG_STAT and MSG_STAT_ANY are as
 * IPC_STAT for an index instead of an id.
 *
 * Returns 0; the highest index in use for IPC_INFO and MSG_INFO; the id for MSG_STAT and
 * MSG_STAT_ANY; or -1 with errno:
 * EACCES, reading is not permitted;
 * EFAULT, `buf` cannot be used;
 * EIDRM, the queue was removed meanwhile;
 * EINVAL, no such queue or no such command;
 * EPERM, the caller may not change or remove the queue, or not raise msg_qbytes so far;
 * ENOSYS, MSGQ_ENGINE or another variable of this library means nothing.
 *
 * Source: POSIX.1-2017 msgctl(); msgctl(2).
 */
int msgctl(int msqid, int cmd, struct msqid_ds *buf);

/**
 * Sends a message. Waits while the queue is full, unless `msgflg` has IPC_NOWAIT. A cancellation
 * point.
 *
 * `msqid`: the queue's id, from msgget().
 *
 * `msgp`: a structure that begins with the message's type, a long greater than 0, and goes on with
 * its text.
 *
 * `msgsz`: the text's size in bytes, without the type. May be 0.
 *
 * `msgflg`: 0 or IPC_NOWAIT.
 *
 * Returns 0, or -1 with errno:
 * EACCES, writing is not permitted;
 * EAGAIN, the queue is full, and IPC_NOWAIT was given;
 * EFAULT, `msgp` cannot be read;
 * EIDRM, the queue was removed while the call waited;
 * EINTR, a signal handler ran while the call waited (also with SA_RESTART);
 * EINVAL, no such queue, a type below 1, or a size above the system's limit (msgmax);
 * ENOMEM, the system has no memory for a copy;
 * ENOSYS, MSGQ_ENGINE or another variable of this library means nothing.
 *
 * Source: POSIX.1-2017 msgsnd(); msgop(2).
 */
int msgsnd(int msqid, const void *msgp, size_t msgsz, int msgflg);

/**
 * Receives a message, and takes it off the queue. Waits until there is one, unless `msgflg` has
 * IPC_NOWAIT. A cancellation point.
 *
 * `msqid`: the queue's id, from msgget().
 *
 * `msgp`: where the message's type, a long, and its text go.
 *
 * `msgsz`: how many bytes of text there is room for, not counting the type.
 *
 * `msgtyp`: 0 for the oldest message; a positive number for the oldest of that type, or of any
 * other type with MSG_EXCEPT; a negative one for the lowest type up to its absolute value.
 *
 * `msgflg`: IPC_NOWAIT does not wait; MSG_NOERROR cuts a message that is too long; MSG_EXCEPT, see
 * msgtyp; MSG_COPY, with IPC_NOWAIT, leaves the message in the queue and takes msgtyp as its
 * position, from 0 on. The last two are Linux only, with _GNU_SOURCE.
 *
 * Returns the number of bytes of text, or -1 with errno:
 * E2BIG, the message is longer than msgsz, and MSG_NOERROR was not given;
 * EACCES, reading is not permitted;
 * EFAULT, `msgp` cannot be written (the message is lost);
 * EIDRM, the queue was removed while the call waited;
 * EINTR, a signal handler ran while the call waited (also with SA_RESTART);
 * EINVAL, no such queue, a negative size, or MSG_COPY with MSG_EXCEPT or without IPC_NOWAIT;
 * ENOMSG, there is no such message, and IPC_NOWAIT was given;
 * ENOSYS, the kernel lacks MSG_COPY, or MSGQ_ENGINE or another variable of this library means
 * nothing.
 *
 * Source: POSIX.1-2017 msgrcv(); msgop(2).
 */
ssize_t msgrcv(int msqid, void *msgp, size_t msgsz, long msgtyp, int msgflg);

/**
 * msgget() under a name that no other library has: what a program calls that was compiled with
 * `msgq-overlay/sys/msg.h`.
 */
int msgq_msgget(key_t key, int msgflg);

/**
 * msgctl() under a name that no other library has: what a program calls that was compiled with
 * `msgq-overlay/sys/msg.h`.
 */
int msgq_msgctl(int msqid, int cmd, struct msqid_ds *buf);

/**
 * msgsnd() under a name that no other library has: what a program calls that was compiled with
 * `msgq-overlay/sys/msg.h`.
 */
int msgq_msgsnd(int msqid, const void *msgp, size_t msgsz, int msgflg);

/**
 * msgrcv() under a name that no other library has: what a program calls that was compiled with
 * `msgq-overlay/sys/msg.h`.
 */
ssize_t msgq_msgrcv(int msqid, void *msgp, size_t msgsz, long msgtyp, int msgflg);

/**
 * Adds a hook: functions that are called before and after each call of msgget, msgctl, msgsnd and
 * msgrcv, in every thread of this process and of children made by fork(). Many can be there at once
 * (16); before a call they are called in the order in which they were added, after it in the
 * opposite order. They are there when this function has returned.
 *
 * `before`: called before the queues are asked; may answer in their stead. Or NULL.
 *
 * `after`: called when the call has returned, before the caller sees that. Or NULL. A call whose
 * thread is cancelled, or which never returns, has no after.
 *
 * `data`: what both are given.
 *
 * A hook is called in the thread that makes the call, which may be in a signal handler. It must
 * return, by no longjmp() either. Calls that it makes, or that a signal handler makes which
 * interrupts it, go past all hooks. It cannot be cancelled, and errno is kept for it. Of a call that
 * another thread is making while a hook is added or removed, that hook may see one half.
 *
 * Returns the hook's id, above 0, or -1 with errno:
 * EINVAL, both functions are NULL;
 * ENOSPC, there are 16 hooks already.
 *
 * Async-signal-safe.
 */
long msgq_hook_add(msgq_before before,
                   msgq_after after,
                   void *data);

/**
 * Removes a hook. Waits for nobody, so that it can be called from anywhere: by other threads, by
 * signal handlers, and by hooks, also by the one that is removed.
 *
 * `id`: the hook's id, from msgq_hook_add().
 *
 * Returns 0 when none of its functions runs in any thread, nor ever will: what they use may be
 * freed, and they may be unloaded. Returns 1 when no call begins to run them any more, but some are
 * still at it, maybe the caller's own: the same function called again, with the same id, tells when
 * they have left. Or returns -1 with errno:
 * EINVAL, there never was a hook with this id.
 *
 * Async-signal-safe.
 */
int msgq_hook_remove(long id);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* MSGQ_H */
