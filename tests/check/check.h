/* What the programs beside this have in common. Each does one thing with queues, and ends with 0. */
#ifndef MSGQ_CHECK_TEST_H
#define MSGQ_CHECK_TEST_H

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

struct message {
    long mtype;
    char mtext[64];
};

/* Ends the program where something is not as the test needs it. */
static inline void need(int so, const char *what)
{
    if (!so) {
        fprintf(stderr, "needed: %s (%s)\n", what, strerror(errno));
        exit(1);
    }
}
#define NEED(what) need((what) != 0, #what)

/* A key that no other process uses as long as this one lives. */
static inline key_t own_key(void)
{
    return 0x4d000000 | (getpid() & 0x3fffff);
}

static inline int new_queue(void)
{
    int id = msgget(IPC_PRIVATE, 0600);
    NEED(id != -1);
    return id;
}

static inline void remove_queue(int id)
{
    NEED(msgctl(id, IPC_RMID, NULL) == 0);
}

static inline void set_qbytes(int id, unsigned long qbytes)
{
    struct msqid_ds ds;
    NEED(msgctl(id, IPC_STAT, &ds) == 0);
    ds.msg_qbytes = qbytes;
    NEED(msgctl(id, IPC_SET, &ds) == 0);
}

/* From now on a call that waits fails with EINTR after a while. */
static inline void ignore_signal(int number)
{
    (void)number;
}

static inline void interrupt_waits(void)
{
    struct itimerval often = {.it_interval = {.tv_usec = 50000}, .it_value = {.tv_usec = 50000}};
    NEED(signal(SIGALRM, ignore_signal) != SIG_ERR);
    NEED(setitimer(ITIMER_REAL, &often, NULL) == 0);
}

static inline void no_more_interrupts(void)
{
    struct itimerval never = {0};
    NEED(setitimer(ITIMER_REAL, &never, NULL) == 0);
}

/* Waits for a child, which is to end with 0. */
static inline void wait_for(pid_t child)
{
    int status;
    NEED(waitpid(child, &status, 0) == child);
    NEED(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

#endif
