/* msgsnd needs permission to write; a bad mtype is told before. */
#define _GNU_SOURCE
#include "support.h"

int main(void)
{
    pid_t child = fork_child();
    if (child == 0) {
        if (!drop_privileges())
            leave_child(NO_STRANGER);
        int msqid = new_queue(test_key(), 0400);
        struct message message = {.mtype = 1};
        FAILS(EACCES, msgsnd(msqid, &message, 1, 0));
        FAILS(EACCES, msgsnd(msqid, &message, 1, IPC_NOWAIT));
        message.mtype = 0;
        FAILS(EINVAL, msgsnd(msqid, &message, 1, 0));
        leave_child(0);
    }
    expect_stranger_content(child);
    return 0;
}
