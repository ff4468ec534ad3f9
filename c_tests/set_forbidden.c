/* IPC_SET and IPC_RMID by another user, and qbytes above the limit, are EPERM. */
#define _GNU_SOURCE
#include "support.h"

int main(void)
{
    int msqid = new_queue(test_key(), 0666);
    struct msqid_ds of_parent = stat_of(msqid);

    pid_t child = fork_child();
    if (child == 0) {
        if (!become_stranger())
            leave_child(NO_STRANGER);
        FAILS(EPERM, msgctl(msqid, IPC_SET, &of_parent));
        FAILS(EPERM, msgctl(msqid, IPC_RMID, NULL));
        leave_child(0);
    }
    expect_stranger_content(child);

    child = fork_child();
    if (child == 0) {
        if (!drop_privileges())
            leave_child(NO_STRANGER);
        int own = new_queue(second_test_key(), 0600);
        struct msqid_ds ds = stat_of(own);
        unsigned long limit = ds.msg_qbytes;
        ds.msg_qbytes = limit + 1;
        FAILS(EPERM, msgctl(own, IPC_SET, &ds));
        CHECK_EQ(stat_of(own).msg_qbytes, limit);
        ds.msg_qbytes = limit / 2;
        GIVES(0, msgctl(own, IPC_SET, &ds));
        ds.msg_qbytes = limit;
        GIVES(0, msgctl(own, IPC_SET, &ds));
        leave_child(0);
    }
    expect_stranger_content(child);
    return 0;
}
