/* Times what every kind of queue can do. QUEUE names the header of the kind, which has
 * queue_open, queue_send, queue_receive and queue_close for two queues, one for each direction.
 *
 * queue_worker pairs BYTES MODE MS    a send and a receive in one process
 * queue_worker trips PLACE MS         a round trip to another process
 * queue_worker stream PLACE MS        a message from a producer to a consumer
 * queue_worker calls PAIRS            as pairs, between two calls of getppid(2) for strace to see
 *
 * PLACE pins the two processes: to a processor each (apart), to the same one (together), or not at
 * all (free). Prints nanoseconds. */
#include "queues/worker.h"
#include QUEUE
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static struct message message;
static size_t bytes = 64;

static void pairs(long count)
{
    for (long i = 0; i < count; i++) {
        queue_send(0, &message, bytes);
        queue_receive(0, &message, bytes);
    }
}

/* Tells the other process how many messages come, sends them, and waits for one in return. */
static void stream(long count)
{
    memcpy(message.mtext, &count, sizeof count);
    for (long i = 0; i < count; i++)
        queue_send(0, &message, bytes);
    queue_receive(1, &message, bytes);
}

static void trips(long count)
{
    for (long i = 0; i < count; i++)
        stream(1);
}

/* The other process. A count of 0 ends it. */
static void answer(void)
{
    for (;;) {
        long count;

        queue_receive(0, &message, bytes);
        memcpy(&count, message.mtext, sizeof count);
        if (count == 0)
            _exit(0);
        for (long i = 1; i < count; i++)
            queue_receive(0, &message, bytes);
        queue_send(1, &message, bytes);
    }
}

/* Pins the process, the first or the second, as `place` has it. */
static void pin(const char *place, int second)
{
    cpu_set_t all, one;
    int processor = -1;

    if (strcmp(place, "free") == 0)
        return;
    if (sched_getaffinity(0, sizeof all, &all) == -1)
        fail("sched_getaffinity");
    for (int left = strcmp(place, "apart") == 0 ? second : 0; left >= 0; left--)
        do {
            if (++processor == CPU_SETSIZE) {
                fprintf(stderr, "two processors are needed, and here is one\n");
                remove_queues();
                exit(1);
            }
        } while (!CPU_ISSET(processor, &all));
    CPU_ZERO(&one);
    CPU_SET(processor, &one);
    if (sched_setaffinity(0, sizeof one, &one) == -1)
        fail("sched_setaffinity");
}

static double with_another(void (*work)(long), const char *place, double milliseconds)
{
    static const long end = 0;
    pid_t child;
    double result;

    queue_open(bytes, 0600);
    child = start_child();
    pin(place, child == 0);
    if (child == 0)
        answer();
    result = timed(work, milliseconds);
    memcpy(message.mtext, &end, sizeof end);
    queue_send(0, &message, bytes);
    waitpid(child, NULL, 0);
    return result;
}

int main(int argc, char **argv)
{
    clean_up_by(queue_close);
    if (argc == 5 && strcmp(argv[1], "pairs") == 0) {
        bytes = (size_t)atol(argv[2]);
        queue_open(bytes, (int)strtol(argv[3], NULL, 8));
        printf("%.3f\n", timed(pairs, atof(argv[4])));
    } else if (argc == 4 && strcmp(argv[1], "trips") == 0) {
        printf("%.3f\n", with_another(trips, argv[2], atof(argv[3])));
    } else if (argc == 4 && strcmp(argv[1], "stream") == 0) {
        printf("%.3f\n", with_another(stream, argv[2], atof(argv[3])));
    } else if (argc == 3 && strcmp(argv[1], "calls") == 0) {
        /* Under strace every system call takes so long that nothing is known of credentials by the
         * time that has passed: a queue that everybody may use. */
        queue_open(bytes, 0666);
        pairs(atol(argv[2]));
        syscall(SYS_getppid);
        pairs(atol(argv[2]));
        syscall(SYS_getppid);
    } else {
        fprintf(stderr, "usage: %s pairs|trips|stream|calls ...\n", argv[0]);
        return 2;
    }
    queue_close();
    return 0;
}
