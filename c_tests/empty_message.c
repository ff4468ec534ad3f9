/* A message may have no text: msgsz 0. */
#define _GNU_SOURCE
#include "support.h"

int main(void)
{
    int msqid = new_queue(test_key(), 0600);
    long mtype = 42;
    GIVES(0, msgsnd(msqid, &mtype, 0, 0));
    struct msqid_ds ds = stat_of(msqid);
    CHECK_EQ(ds.msg_qnum, 1);
    CHECK_EQ(ds.__msg_cbytes, 0);
    printf("one message, no bytes\n");
    mtype = 0;
    GIVES(0, msgrcv(msqid, &mtype, 0, 0, 0));
    CHECK_EQ(mtype, 42);
    CHECK_EQ(stat_of(msqid).msg_qnum, 0);

    mtype = 43;
    GIVES(0, msgsnd(msqid, &mtype, 0, 0));
    show_received(msqid, TEXT_SIZE, 43, 0);
    return 0;
}
