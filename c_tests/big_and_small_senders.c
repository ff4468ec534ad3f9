/* Room goes to the senders that it is enough for: small ones pass a big one that came before. */
#define _GNU_SOURCE
#include "support.h"

#define BIGGEST 8000
#define SENDERS 3

struct big_message {
    long mtype;
    char mtext[BIGGEST];
};

static const size_t sizes[SENDERS] = {BIGGEST, 300, 80};

static int msqid;
static _Atomic pid_t senders[SENDERS];
static _Atomic bool sent[SENDERS];

static void *send_when_there_is_room(void *number)
{
    intptr_t i = (intptr_t)number;
    struct big_message message = {.mtype = 10 + i};
    senders[i] = thread_id();
    CHECK_EQ(msgsnd(msqid, &message, sizes[i], 0), 0);
    sent[i] = true;
    return NULL;
}

static void make_room(long mtype, size_t size)
{
    struct big_message message;
    CHECK_EQ(msgrcv(msqid, &message, BIGGEST, mtype, IPC_NOWAIT), size);
}

int main(void)
{
    static const size_t filling[] = {BIGGEST, BIGGEST, 384};
    pthread_t threads[SENDERS];
    msqid = new_queue(test_key(), 0600);
    set_qbytes(msqid, 2 * BIGGEST + 384);
    for (int i = 0; i < 3; i++) {
        struct big_message message = {.mtype = 1 + i};
        CHECK_EQ(msgsnd(msqid, &message, filling[i], IPC_NOWAIT), 0);
    }
    for (intptr_t i = 0; i < SENDERS; i++) {
        CHECK_EQ(pthread_create(&threads[i], NULL, send_when_there_is_room, (void *)i), 0);
        WAIT_UNTIL(senders[i] && asleep_in_call(getpid(), senders[i]));
    }

    make_room(3, 384);
    WAIT_UNTIL(sent[1] && sent[2]);
    WAIT_UNTIL(asleep_in_call(getpid(), senders[0]));
    CHECK(!sent[0]);
    CHECK_EQ(stat_of(msqid).__msg_cbytes, 2 * BIGGEST + 380);
    printf("384 bytes: the senders of 300 and of 80 went on, that of 8000 waits\n");

    make_room(11, 300);
    WAIT_UNTIL(asleep_in_call(getpid(), senders[0]));
    CHECK(!sent[0]);
    printf("300 bytes: it waits still\n");
    make_room(1, BIGGEST);
    WAIT_UNTIL(sent[0]);
    CHECK_EQ(stat_of(msqid).__msg_cbytes, 2 * BIGGEST + 80);
    printf("8000 bytes: it went on\n");
    for (int i = 0; i < SENDERS; i++)
        CHECK_EQ(pthread_join(threads[i], NULL), 0);
    return 0;
}
