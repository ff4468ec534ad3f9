/* IPC_STAT and MSG_STAT need permission to read; MSG_STAT_ANY does not. */
#define _GNU_SOURCE
#include "support.h"

int main(void)
{
    pid_t child = fork_child();
    if (child == 0) {
        if (!drop_privileges())
            leave_child(NO_STRANGER);
        int msqid = new_queue(test_key(), 0222);
        /* Set, since valgrind does not know MSG_STAT_ANY, and that it writes here. */
        struct msqid_ds ds = {0};
        FAILS(EACCES, msgctl(msqid, IPC_STAT, &ds));
        FAILS(EACCES, msgctl(msqid, MSG_STAT, &ds));
        CHECK_EQ(msgctl(msqid, MSG_STAT_ANY, &ds), msqid);
        printf("MSG_STAT_ANY: mode %#o\n", ds.msg_perm.mode & 0777u);
        leave_child(0);
    }
    expect_stranger_content(child);
    return 0;
}
