/* With IPC_NOWAIT msgsnd gives EAGAIN on a full queue, by bytes or by messages. */
#define _GNU_SOURCE
#include "support.h"

int main(void)
{
    int msqid = new_queue(test_key(), 0600);
    set_qbytes(msqid, 10);
    struct message message = {.mtype = 1, .mtext = "abcdefghij"};
    GIVES(0, msgsnd(msqid, &message, 7, IPC_NOWAIT));
    FAILS(EAGAIN, msgsnd(msqid, &message, 4, IPC_NOWAIT));
    GIVES(0, msgsnd(msqid, &message, 3, IPC_NOWAIT));
    FAILS(EAGAIN, msgsnd(msqid, &message, 1, IPC_NOWAIT));
    /* More than the queue can ever hold is no error of the arguments. */
    FAILS(EAGAIN, msgsnd(msqid, &message, 11, IPC_NOWAIT));
    CHECK_EQ(stat_of(msqid).msg_qnum, 2);

    /* No more messages than qbytes, be they empty. */
    int other = new_queue(second_test_key(), 0600);
    set_qbytes(other, 3);
    for (int i = 0; i < 3; i++)
        GIVES(0, msgsnd(other, &message, 0, IPC_NOWAIT));
    FAILS(EAGAIN, msgsnd(other, &message, 0, IPC_NOWAIT));
    return 0;
}
