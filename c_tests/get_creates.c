/* msgget with IPC_CREAT makes a queue where there is none, and finds it afterwards. */
#define _GNU_SOURCE
#include "support.h"

int main(void)
{
    int msqid = msgget(test_key(), IPC_CREAT | 0640);
    CHECK(msqid >= 0);
    own_queue(msqid);
    struct msqid_ds ds = stat_of(msqid);
    printf("mode %#o, %lu messages\n", ds.msg_perm.mode & 0777u, (unsigned long)ds.msg_qnum);
    CHECK_EQ(ds.msg_perm.mode & 0777, 0640);
    CHECK_EQ(msgget(test_key(), IPC_CREAT | 0600), msqid);
    CHECK_EQ(msgget(test_key(), 0), msqid);
    CHECK_EQ(stat_of(msqid).msg_perm.mode & 0777, 0640);
    printf("found again with and without IPC_CREAT, its mode kept\n");
    int other = new_queue(second_test_key(), 0600);
    CHECK(other != msqid);
    printf("another key is another queue\n");
    return 0;
}
