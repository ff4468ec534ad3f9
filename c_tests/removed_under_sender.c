/* A sender asleep at a queue that is removed gets EIDRM. */
#define _GNU_SOURCE
#include "support.h"

static void remove_queue(void *msqid)
{
    CHECK_EQ(msgctl(*(int *)msqid, IPC_RMID, NULL), 0);
}

int main(void)
{
    int msqid = new_queue(test_key(), 0600);
    struct message message = {.mtype = 1};
    set_qbytes(msqid, 4);
    send_text(msqid, 1, "full");
    when_asleep(remove_queue, &msqid);
    FAILS(EIDRM, msgsnd(msqid, &message, 1, 0));
    helper_done();
    FAILS(EINVAL, msgsnd(msqid, &message, 1, 0));
    return 0;
}
