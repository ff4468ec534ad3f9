/* The third message of type 7 finds the queue full, though it is not: a test of the sender. */
#define _GNU_SOURCE
#include "hooks.h"

static int fail_third(msgq_call *call, void *data)
{
    int *seen = data;
    if (call->function != MSGQ_MSGSND || *(const long *)call->msgp != 7 || ++*seen != 3)
        return 0;
    call->result = -1;
    call->error = EAGAIN;
    return 1;
}

int main(void)
{
    int seen = 0, msqid = new_queue(test_key(), 0600);
    struct message seven = {.mtype = 7, .mtext = "seven"}, eight = {.mtype = 8, .mtext = "eight"};
    long hook = new_hook(fail_third, NULL, &seen);
    GIVES(0, msgsnd(msqid, &seven, 5, IPC_NOWAIT));
    GIVES(0, msgsnd(msqid, &eight, 5, IPC_NOWAIT));
    GIVES(0, msgsnd(msqid, &seven, 5, IPC_NOWAIT));
    FAILS(EAGAIN, msgsnd(msqid, &seven, 5, IPC_NOWAIT));
    CHECK_EQ(stat_of(msqid).msg_qnum, 3);
    GIVES(0, msgsnd(msqid, &seven, 5, IPC_NOWAIT));
    CHECK_EQ(hook_remove(hook), 0);
    CHECK_EQ(seen, 4);
    CHECK_EQ(stat_of(msqid).msg_qnum, 4);
    return 0;
}
