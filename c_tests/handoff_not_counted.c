/* A message for somebody who waits is his at once: it never counts as being in the queue. */
#define _GNU_SOURCE
#include "support.h"

#define ROUNDS 20
#define RECEIVERS 3

static int msqid;
static _Atomic pid_t receivers[RECEIVERS];

static void *receive(void *number)
{
    struct message message;
    receivers[(intptr_t)number] = thread_id();
    CHECK_EQ(msgrcv(msqid, &message, TEXT_SIZE, 1, 0), 8);
    CHECK(memcmp(message.mtext, "eight by", 8) == 0);
    return NULL;
}

/* As many messages as wait, each as big as the queue, one right after the other. */
static void hand_over(void)
{
    pthread_t threads[RECEIVERS];
    struct message message = {.mtype = 1, .mtext = "eight by"};
    for (intptr_t i = 0; i < RECEIVERS; i++) {
        receivers[i] = 0;
        CHECK_EQ(pthread_create(&threads[i], NULL, receive, (void *)i), 0);
        WAIT_UNTIL(receivers[i] && asleep_in_call(getpid(), receivers[i]));
    }
    for (int i = 0; i < RECEIVERS; i++) {
        CHECK_EQ(msgsnd(msqid, &message, 8, IPC_NOWAIT), 0);
        struct msqid_ds ds = stat_of(msqid);
        CHECK_EQ(ds.msg_qnum, 0);
        CHECK_EQ(ds.__msg_cbytes, 0);
        CHECK_EQ(ds.msg_lspid, getpid());
        CHECK_EQ(ds.msg_lrpid, receivers[i]);
        CHECK(ds.msg_rtime == ds.msg_stime || ds.msg_rtime == ds.msg_stime + 1);
        /* Nobody else can take it. */
        CHECK(msgrcv(msqid, &message, TEXT_SIZE, 0, IPC_NOWAIT) == -1 && errno == ENOMSG);
    }
    for (int i = 0; i < RECEIVERS; i++)
        CHECK_EQ(pthread_join(threads[i], NULL), 0);
}

static void *receive_when_there_is_room(void *unused)
{
    receive((void *)0);
    return unused;
}

int main(void)
{
    msqid = new_queue(test_key(), 0600);
    set_qbytes(msqid, 8);
    for (int round = 0; round < ROUNDS; round++)
        hand_over();
    printf("%d times, %d messages went past a queue with room for one\n", ROUNDS, RECEIVERS);

    /* Room is asked for before anybody is looked for: a full queue hands nothing over. */
    pthread_t thread;
    struct message message = {.mtype = 1, .mtext = "eight by"};
    send_text(msqid, 2, "12345678");
    receivers[0] = 0;
    CHECK_EQ(pthread_create(&thread, NULL, receive_when_there_is_room, NULL), 0);
    WAIT_UNTIL(receivers[0] && asleep_in_call(getpid(), receivers[0]));
    FAILS(EAGAIN, msgsnd(msqid, &message, 8, IPC_NOWAIT));
    show_received(msqid, TEXT_SIZE, 2, IPC_NOWAIT);
    GIVES(0, msgsnd(msqid, &message, 8, IPC_NOWAIT));
    CHECK_EQ(pthread_join(thread, NULL), 0);
    return 0;
}
