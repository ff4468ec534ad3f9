/* Calls go on inside a chroot in which there is nothing. */
#define _GNU_SOURCE
#include "support.h"

int main(void)
{
    char directory[] = "/tmp/msgq-test-XXXXXX";
    if (geteuid() != 0) {
        printf("not tried: only root may chroot\n");
        return 0;
    }
    int msqid = new_queue(test_key(), 0600);
    CHECK(mkdtemp(directory));
    pid_t pid = fork_child();
    if (pid == 0) {
        if (chroot(directory) == -1 || chdir("/") == -1)
            leave_child(NO_STRANGER);
        use_a_queue();
        send_text(msqid, 1, "from inside");
        pid_t grandchild = fork_child();
        if (grandchild == 0) {
            use_a_queue();
            send_text(msqid, 1, "from a child inside");
            leave_child(0);
        }
        leave_child(exit_status_of(grandchild));
    }
    int status = exit_status_of(pid);
    CHECK_EQ(rmdir(directory), 0);
    if (status == NO_STRANGER) {
        printf("not tried: this root may not chroot\n");
        return 0;
    }
    CHECK_EQ(status, 0);
    show_received(msqid, TEXT_SIZE, 0, IPC_NOWAIT);
    show_received(msqid, TEXT_SIZE, 0, IPC_NOWAIT);
    return 0;
}
