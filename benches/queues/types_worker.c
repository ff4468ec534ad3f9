/* Times what only System V message queues can do, with plain msgget, msgsnd and msgrcv.
 *
 * types_worker behind SELECT TYPES BACKLOG BYTES MS
 *     a send and a receive, in nanoseconds, behind so many messages of so many bytes. SELECT is what
 *     msgrcv asks for: any, exact, lowest or except; TYPES is whether the messages in front are of
 *     one type or have distinct ones.
 * types_worker wake RECEIVERS
 *     how many of so many processes, each waiting for a type of its own, one send wakes.
 * types_worker keep
 *     makes a queue and leaves it there. */
#include "worker.h"
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <sys/msg.h>
#include <sys/wait.h>

/* The messages in front have types from here on; an odd factor spreads distinct ones over this
 * power of two. */
#define FIRST 10
#define SPREAD (1L << 20)
#define FACTOR 654321L

#define MOST_RECEIVERS 1000

static int queue = -1;
static struct message message;
static size_t bytes;

/* What a pair of calls sends first, and asks for. */
static long mtype, msgtyp;
static int msgflg;

static void remove_queue(void)
{
    if (queue != -1)
        msgctl(queue, IPC_RMID, NULL);
}

static void open_queue(void)
{
    if ((queue = msgget(IPC_PRIVATE, 0600)) == -1)
        fail("msgget");
}

/* Goes to a namespace of our own, where the system's limit may be raised without a change to
 * anybody else's queues. */
static void own_limit(size_t needed)
{
    FILE *file;

    remove_queue();
    queue = -1;
    if (unshare(CLONE_NEWIPC) == -1)
        fail("a limit above msgmnb needs root: unshare");
    if ((file = fopen("/proc/sys/kernel/msgmnb", "w")) == NULL)
        fail("/proc/sys/kernel/msgmnb");
    if (fprintf(file, "%zu\n", needed) < 0 || fclose(file) != 0)
        fail("/proc/sys/kernel/msgmnb");
    open_queue();
}

/* Makes room for so many messages. Beyond the system's limit IPC_SET takes CAP_SYS_RESOURCE, which
 * root does not have in every container. */
static void raise_limit(size_t messages)
{
    size_t needed = messages * (bytes > 0 ? bytes : 1);
    struct msqid_ds state;
    int refused;

    for (int tries = 0; tries < 2; tries++) {
        if (msgctl(queue, IPC_STAT, &state) == -1)
            fail("IPC_STAT");
        if (state.msg_qbytes >= needed)
            return;
        state.msg_qbytes = needed;
        refused = msgctl(queue, IPC_SET, &state) == -1;
        if (refused && errno == EPERM && tries == 0)
            own_limit(needed);
        else if (refused)
            fail("raising msg_qbytes by IPC_SET");
    }
}

static void send_one(long type)
{
    message.mtype = type;
    if (msgsnd(queue, &message, bytes, IPC_NOWAIT) == -1)
        fail("msgsnd");
}

/* What was received is sent next, so that the messages in front keep their types and number even
 * where one of them is what msgrcv finds. */
static void pairs(long count)
{
    for (long i = 0; i < count; i++) {
        send_one(mtype);
        if (msgrcv(queue, &message, bytes, msgtyp, msgflg) != (ssize_t)bytes)
            fail("msgrcv");
        mtype = message.mtype;
    }
}

static double behind(const char *select, int distinct, long backlog, double milliseconds)
{
    mtype = 1;
    if (strcmp(select, "exact") == 0)
        msgtyp = mtype;
    else if (strcmp(select, "lowest") == 0)
        msgtyp = -LONG_MAX;
    else if (strcmp(select, "except") == 0) {
        msgtyp = FIRST;
        msgflg = MSG_EXCEPT;
    }
    open_queue();
    raise_limit((size_t)backlog + 1);
    for (long i = 0; i < backlog; i++)
        send_one(FIRST + (distinct ? i * FACTOR % SPREAD : 0));
    return timed(pairs, milliseconds);
}

static void nap(long milliseconds)
{
    struct timespec time = { milliseconds / 1000, milliseconds % 1000 * 1000000 };
    nanosleep(&time, NULL);
}

static long switches_of(pid_t process)
{
    static const char field[] = "voluntary_ctxt_switches:";
    char path[64], line[256];
    long switches = -1;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%d/status", (int)process);
    if ((file = fopen(path, "r")) == NULL)
        fail(path);
    while (fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, field, sizeof field - 1) == 0)
            switches = atol(line + sizeof field - 1);
    fclose(file);
    return switches;
}

/* How often the processes have gone to sleep, once none of them does any more. An engine whose
 * receivers look again from time to time never comes to rest: that is counted then. */
static long switches_at_rest(const pid_t *processes, int count)
{
    long before = -1, sum = 0;

    for (int tries = 0; tries < 20 && sum != before; tries++) {
        before = sum;
        nap(20);
        sum = 0;
        for (int i = 0; i < count; i++)
            sum += switches_of(processes[i]);
    }
    return sum;
}

/* Sends one message to each receiver, and waits for each until it was taken. */
static void send_to_each(int receivers)
{
    for (int i = 0; i < receivers; i++) {
        struct msqid_ds state;
        send_one(i + 1);
        do {
            nap(1);
            if (msgctl(queue, IPC_STAT, &state) == -1)
                fail("IPC_STAT");
        } while (state.msg_qnum > 0);
    }
}

static double wake(int receivers)
{
    pid_t processes[MOST_RECEIVERS];
    long before, after;

    bytes = 64;
    open_queue();
    for (int i = 0; i < receivers; i++)
        if ((processes[i] = start_child()) == 0) {
            while (msgrcv(queue, &message, bytes, i + 1, 0) != -1)
                ;
            _exit(0);
        }
    send_to_each(receivers);
    before = switches_at_rest(processes, receivers);
    send_to_each(receivers);
    after = switches_at_rest(processes, receivers);
    remove_queue();
    while (wait(NULL) != -1)
        ;
    return (double)(after - before) / receivers;
}

int main(int argc, char **argv)
{
    clean_up_by(remove_queue);
    if (argc == 7 && strcmp(argv[1], "behind") == 0) {
        bytes = (size_t)atol(argv[5]);
        printf("%.3f\n",
            behind(argv[2], strcmp(argv[3], "distinct") == 0, atol(argv[4]), atof(argv[6])));
        remove_queue();
    } else if (argc == 3 && strcmp(argv[1], "wake") == 0 && atoi(argv[2]) <= MOST_RECEIVERS) {
        printf("%.3f\n", wake(atoi(argv[2])));
    } else if (argc == 2 && strcmp(argv[1], "keep") == 0) {
        open_queue();
    } else {
        fprintf(stderr, "usage: %s behind|wake|keep ...\n", argv[0]);
        return 2;
    }
    return 0;
}
