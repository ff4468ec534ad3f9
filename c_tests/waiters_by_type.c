/* A hundred threads wait, each for its own type: a message wakes the one that it is for. */
#define _GNU_SOURCE
#include "support.h"

#define WAITERS 100
#define SENT_FIRST 20

/* How often a thread that nobody means may wake up all the same, in all that time. */
#define A_FEW 3

static int msqid;
static _Atomic pid_t waiting[WAITERS];
static _Atomic bool served[WAITERS];

static void *wait_for_my_type(void *number)
{
    struct message message;
    intptr_t i = (intptr_t)number;
    waiting[i] = thread_id();
    CHECK_EQ(msgrcv(msqid, &message, TEXT_SIZE, i + 1, 0), 4);
    CHECK_EQ(message.mtype, i + 1);
    served[i] = true;
    return NULL;
}

/* How often the thread has gone to sleep so far. */
static long sleeps_of(int i)
{
    char text[4096];
    const char *title = "\nvoluntary_ctxt_switches:";
    CHECK(read_task_file(getpid(), waiting[i], "status", text, sizeof text));
    const char *line = strstr(text, title);
    CHECK(line);
    return atol(line + strlen(title));
}

static void serve(int i)
{
    send_text(msqid, i + 1, "tea!");
    WAIT_UNTIL(served[i]);
}

int main(void)
{
    pthread_t threads[WAITERS];
    long before[WAITERS];
    msqid = new_queue(test_key(), 0600);
    for (intptr_t i = 0; i < WAITERS; i++)
        CHECK_EQ(pthread_create(&threads[i], NULL, wait_for_my_type, (void *)i), 0);
    for (int i = 0; i < WAITERS; i++)
        WAIT_UNTIL(waiting[i] && asleep_in_call(getpid(), waiting[i]));

    for (int i = 0; i < WAITERS; i++)
        before[i] = sleeps_of(i);
    /* From the front, the middle and the end of those who wait. */
    for (int i = 0; i < SENT_FIRST; i++)
        serve(i * 37 % WAITERS);
    for (int i = 0; i < WAITERS; i++)
        if (!served[i])
            CHECK(sleeps_of(i) - before[i] <= A_FEW);
    printf("%d were woken, and the others slept on\n", SENT_FIRST);

    for (int i = 0; i < WAITERS; i++)
        if (!served[i])
            serve(i);
    for (int i = 0; i < WAITERS; i++)
        CHECK_EQ(pthread_join(threads[i], NULL), 0);
    CHECK_EQ(stat_of(msqid).msg_qnum, 0);
    printf("the others were woken in their turn\n");
    return 0;
}
