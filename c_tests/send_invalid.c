/* msgsnd refuses an mtype below 1, a message above msgmax and an unknown queue with EINVAL. */
#define _GNU_SOURCE
#include "support.h"

static size_t msgmax(void)
{
    struct msginfo info;
    CHECK(msgctl(0, IPC_INFO, (struct msqid_ds *)&info) != -1);
    return (size_t)info.msgmax;
}

int main(void)
{
    int msqid = new_queue(test_key(), 0600);
    size_t largest = msgmax();
    struct {
        long mtype;
        char mtext[];
    } *message = calloc(1, sizeof(long) + largest + 1);
    CHECK(message);

    message->mtype = 0;
    FAILS(EINVAL, msgsnd(msqid, message, 1, 0));
    message->mtype = -1;
    FAILS(EINVAL, msgsnd(msqid, message, 1, 0));
    message->mtype = LONG_MIN;
    FAILS(EINVAL, msgsnd(msqid, message, 1, IPC_NOWAIT));
    message->mtype = 1;
    FAILS(EINVAL, msgsnd(msqid, message, largest + 1, 0));
    FAILS(EINVAL, msgsnd(-1, message, 1, 0));
    FAILS(EINVAL, msgsnd(INT_MAX, message, 1, 0));
    CHECK_EQ(stat_of(msqid).msg_qnum, 0);

    message->mtype = LONG_MAX;
    GIVES(0, msgsnd(msqid, message, 1, 0));
    GIVES(1, msgrcv(msqid, message, largest, LONG_MAX, IPC_NOWAIT));
    /* The queue may be set to hold less than one largest message. */
    if (stat_of(msqid).msg_qbytes >= largest)
        CHECK_EQ(msgsnd(msqid, message, largest, IPC_NOWAIT), 0);
    printf("a message of msgmax bytes passes\n");
    free(message);
    return 0;
}
