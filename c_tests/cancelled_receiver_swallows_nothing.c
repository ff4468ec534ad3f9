/* A thread that was cancelled while it waited gets no message any more: the next in line does. */
#define _GNU_SOURCE
#include "support.h"

#define ROUNDS 20
#define WAITERS 3

static int msqid;
static _Atomic pid_t waiting[WAITERS];
static char got[WAITERS][9];

static void *wait_for_a_message(void *number)
{
    struct message message;
    intptr_t i = (intptr_t)number;
    waiting[i] = thread_id();
    CHECK_EQ(msgrcv(msqid, &message, TEXT_SIZE, 0, 0), 9);
    memcpy(got[i], message.mtext, 9);
    return NULL;
}

/* Who waits in the middle, at the front or at the end is cancelled, and the others are served. */
static void cancel_one(int cancelled)
{
    pthread_t threads[WAITERS];
    void *result;
    memset(got, 0, sizeof got);
    for (intptr_t i = 0; i < WAITERS; i++) {
        waiting[i] = 0;
        CHECK_EQ(pthread_create(&threads[i], NULL, wait_for_a_message, (void *)i), 0);
        WAIT_UNTIL(waiting[i] && asleep_in_call(getpid(), waiting[i]));
    }
    CHECK_EQ(pthread_cancel(threads[cancelled]), 0);
    CHECK_EQ(pthread_join(threads[cancelled], &result), 0);
    CHECK(result == PTHREAD_CANCELED);
    send_text(msqid, 1, "the first");
    send_text(msqid, 1, "the other");
    for (int i = 0, served = 0; i < WAITERS; i++) {
        if (i == cancelled)
            continue;
        CHECK_EQ(pthread_join(threads[i], NULL), 0);
        CHECK(memcmp(got[i], served ? "the other" : "the first", 9) == 0);
        served++;
    }
    send_text(msqid, 1, "left over");
    CHECK_EQ(stat_of(msqid).msg_qnum, 1);
    struct message message;
    CHECK_EQ(msgrcv(msqid, &message, TEXT_SIZE, 0, IPC_NOWAIT), 9);
}

int main(void)
{
    msqid = new_queue(test_key(), 0600);
    for (int round = 0; round < ROUNDS; round++)
        cancel_one((round + 1) % WAITERS);
    printf("one of three was cancelled, the others got what was sent: %d times\n", ROUNDS);
    CHECK_EQ(stat_of(msqid).msg_qnum, 0);
    return 0;
}
