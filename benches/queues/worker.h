/* What the workers share: a message, a clock, and an end that leaves no queue behind. In the
 * language that C and C++ have in common, since Boost's queue needs the latter. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

/* A queue of the kernel's holds so many bytes unless somebody raises its limit. */
#define QUEUE_BYTES 16384
#define SECONDS 60

struct message { long mtype; char mtext[8192]; };

static void (*remove_queues)(void);

static void leave(int signal)
{
    static const char late[] = "no end within 60 seconds\n";

    /* The signal may have come out of the middle of a call, with whatever that holds. */
    alarm(2);
    remove_queues();
    if (signal == SIGALRM && write(STDERR_FILENO, late, sizeof late - 1) == -1)
        _exit(2);
    _exit(1);
}

static void fail(const char *what)
{
    perror(what);
    remove_queues();
    exit(1);
}

/* Has `remove` called however the worker ends, which is soon: a peer that has died or an engine
 * that loses a message must not keep the benchmark waiting. */
static void clean_up_by(void (*remove)(void))
{
    struct sigaction action;

    remove_queues = remove;
    memset(&action, 0, sizeof action);
    action.sa_handler = leave;
    action.sa_flags = SA_RESETHAND | SA_NODEFER;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGALRM, &action, NULL);
    alarm(SECONDS);
}

/* fork(2); the child ends with its parent. */
static pid_t start_child(void)
{
    pid_t child = fork();
    if (child == -1)
        fail("fork");
    if (child == 0 && prctl(PR_SET_PDEATHSIG, SIGKILL) == -1)
        fail("prctl");
    return child;
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

/* The time of one of `work`'s steps, in nanoseconds, over at least `milliseconds`. The shorter runs
 * before the one that counts find the cold caches and the pages that were never touched. */
static double timed(void (*work)(long count), double milliseconds)
{
    long count;

    work(1);
    for (count = 1;; count *= 2) {
        double start = now(), took;
        work(count);
        took = now() - start;
        if (took >= milliseconds * 1e6)
            return took / (double)count;
    }
}
