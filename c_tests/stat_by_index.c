/* MSG_STAT and MSG_STAT_ANY find a queue by its index and give its msqid. */
#define _GNU_SOURCE
#include "support.h"

/* As ipcs does: every index up to the highest in use, passing over those that are nobody's. */
static int index_of(int msqid, int command)
{
    struct msginfo info;
    /* Set, since valgrind does not know MSG_STAT_ANY, and that it writes here. */
    struct msqid_ds ds = {0};
    int highest = msgctl(0, MSG_INFO, (struct msqid_ds *)&info);
    CHECK(highest >= 0);
    for (int i = 0; i <= highest; i++)
        if (msgctl(i, command, &ds) == msqid) {
            CHECK_EQ(ds.msg_perm.__key, test_key());
            CHECK_EQ(ds.msg_qnum, 1);
            return i;
        }
    return -1;
}

int main(void)
{
    int msqid = new_queue(test_key(), 0600);
    send_text(msqid, 1, "one");
    int index = index_of(msqid, MSG_STAT);
    CHECK(index != -1);
    printf("MSG_STAT finds the queue\n");
    CHECK_EQ(index_of(msqid, MSG_STAT_ANY), index);
    printf("MSG_STAT_ANY finds it at the same index\n");

    struct msqid_ds ds;
    CHECK_EQ(msgctl(msqid, MSG_STAT, &ds), msqid);
    CHECK_EQ(msgctl(msqid, MSG_STAT_ANY, &ds), msqid);
    printf("a whole msqid is taken for its index\n");

    CHECK_EQ(msgctl(msqid, IPC_RMID, NULL), 0);
    /* Somebody else may get the index by now, never the msqid. */
    CHECK(msgctl(index, MSG_STAT, &ds) != msqid);
    CHECK(msgctl(index, MSG_STAT_ANY, &ds) != msqid);
    printf("removed, it is found no more\n");
    return 0;
}
