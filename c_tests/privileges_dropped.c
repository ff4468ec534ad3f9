/* Calls go on after root became somebody without privileges. */
#define _GNU_SOURCE
#include "support.h"

int main(void)
{
    int msqid = new_queue(test_key(), 0666);
    pid_t pid = fork_child();
    if (pid == 0) {
        /* As a server does: calls before, then never root again. */
        use_a_queue();
        if (!become_stranger())
            leave_child(NO_STRANGER);
        use_a_queue();
        send_text(msqid, 1, "from a stranger");
        FAILS(EPERM, msgctl(msqid, IPC_RMID, NULL));
        pid_t grandchild = fork_child();
        if (grandchild == 0) {
            use_a_queue();
            send_text(msqid, 1, "from a stranger's child");
            leave_child(0);
        }
        leave_child(exit_status_of(grandchild));
    }
    int status = exit_status_of(pid);
    if (status == NO_STRANGER) {
        printf("not tried: nobody here can become another user\n");
        return 0;
    }
    CHECK_EQ(status, 0);
    show_received(msqid, TEXT_SIZE, 0, IPC_NOWAIT);
    show_received(msqid, TEXT_SIZE, 0, IPC_NOWAIT);
    return 0;
}
