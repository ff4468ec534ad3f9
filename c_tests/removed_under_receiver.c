/* A receiver asleep at a queue that is removed gets EIDRM. */
#define _GNU_SOURCE
#include "support.h"

static void remove_queue(void *msqid)
{
    CHECK_EQ(msgctl(*(int *)msqid, IPC_RMID, NULL), 0);
}

int main(void)
{
    int msqid = new_queue(test_key(), 0600);
    struct message message;
    when_asleep(remove_queue, &msqid);
    FAILS(EIDRM, msgrcv(msqid, &message, TEXT_SIZE, 0, 0));
    helper_done();
    FAILS(EINVAL, msgrcv(msqid, &message, TEXT_SIZE, 0, 0));
    return 0;
}
