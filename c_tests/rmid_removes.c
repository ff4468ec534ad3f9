/* IPC_RMID removes queue, key and messages; later calls with its msqid are EINVAL. */
#define _GNU_SOURCE
#include "support.h"

int main(void)
{
    int msqid = new_queue(test_key(), 0600);
    struct message message = {.mtype = 1};
    struct msqid_ds ds = stat_of(msqid);
    send_text(msqid, 1, "lost");
    GIVES(0, msgctl(msqid, IPC_RMID, NULL));

    FAILS(EINVAL, msgsnd(msqid, &message, 1, 0));
    FAILS(EINVAL, msgrcv(msqid, &message, 1, 0, 0));
    FAILS(EINVAL, msgctl(msqid, IPC_STAT, &ds));
    FAILS(EINVAL, msgctl(msqid, IPC_SET, &ds));
    FAILS(EINVAL, msgctl(msqid, IPC_RMID, NULL));
    FAILS(ENOENT, msgget(test_key(), 0));

    int next = new_queue(test_key(), 0600);
    CHECK(next != msqid);
    CHECK_EQ(stat_of(next).msg_qnum, 0);
    printf("the next queue with this key has another msqid, and is empty\n");
    return 0;
}
