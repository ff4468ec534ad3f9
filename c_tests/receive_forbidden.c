/* msgrcv needs permission to read, which is asked before the queue is searched. */
#define _GNU_SOURCE
#include "support.h"

int main(void)
{
    pid_t child = fork_child();
    if (child == 0) {
        if (!drop_privileges())
            leave_child(NO_STRANGER);
        int msqid = new_queue(test_key(), 0200);
        struct message message;
        FAILS(EACCES, msgrcv(msqid, &message, TEXT_SIZE, 0, IPC_NOWAIT));
        send_text(msqid, 1, "for nobody");
        FAILS(EACCES, msgrcv(msqid, &message, TEXT_SIZE, 0, 0));
        leave_child(0);
    }
    expect_stranger_content(child);
    return 0;
}
