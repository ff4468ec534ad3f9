/* IPC_INFO and MSG_INFO tell the limits of the machine and what is in use. */
#define _GNU_SOURCE
#include "support.h"

int main(void)
{
    int msqid = new_queue(test_key(), 0600);
    send_text(msqid, 1, "twelve bytes");

    struct msginfo info;
    memset(&info, 0xa5, sizeof info);
    /* Neither the msqid nor permissions matter. */
    int highest = msgctl(0, IPC_INFO, (struct msqid_ds *)&info);
    CHECK(highest >= (msqid & 0x7fff));
    CHECK_EQ(info.msgmax, limit_of_queues("msgmax"));
    CHECK_EQ(info.msgmnb, limit_of_queues("msgmnb"));
    CHECK_EQ(info.msgmni, limit_of_queues("msgmni"));
    printf("IPC_INFO: the limits are those in force; pool %d map %d ssz %d tql %d seg %u\n",
           info.msgpool, info.msgmap, info.msgssz, info.msgtql, (unsigned)info.msgseg);

    memset(&info, 0xa5, sizeof info);
    highest = msgctl(INT_MAX, MSG_INFO, (struct msqid_ds *)&info);
    CHECK(highest >= (msqid & 0x7fff));
    CHECK_EQ(info.msgmax, limit_of_queues("msgmax"));
    CHECK_EQ(info.msgmnb, limit_of_queues("msgmnb"));
    CHECK_EQ(info.msgmni, limit_of_queues("msgmni"));
    /* Others use queues at the same time, so this is the least that there is. */
    CHECK(info.msgpool >= 1);
    CHECK(info.msgmap >= 1);
    CHECK(info.msgtql >= 12);
    printf("MSG_INFO: the limits, and the queues, messages and bytes in use; ssz %d seg %u\n",
           info.msgssz, (unsigned)info.msgseg);

    FAILS(EINVAL, msgctl(-1, MSG_INFO, (struct msqid_ds *)&info));
    return 0;
}
