/* Times the four calls of whatever answers them, in nanoseconds a call.
 *
 * worker PAIRS: sends a message of 64 bytes to a queue of its own and receives it again, PAIRS
 * times, and prints the mean time of one call. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/msg.h>
#include <time.h>

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void pairs(int id, long count)
{
    struct { long mtype; char mtext[64]; } message = { 1, "sixty-four bytes of text" };
    for (long i = 0; i < count; i++)
        if (msgsnd(id, &message, sizeof message.mtext, 0) == -1
            || msgrcv(id, &message, sizeof message.mtext, 1, 0) == -1)
            abort();
}

int main(int argc, char **argv)
{
    long count = argc > 1 ? atol(argv[1]) : 100000;
    int id = msgget(IPC_PRIVATE, 0600);
    double start;

    if (id == -1)
        abort();
    /* The first calls find cold caches and pages that were never touched. */
    pairs(id, count / 2);
    start = now();
    pairs(id, count);
    printf("%.2f\n", (now() - start) / (double)(2 * count));
    return msgctl(id, IPC_RMID, NULL);
}
