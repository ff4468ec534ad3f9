/* A receiver that was stopped and continued goes on waiting as if nothing had been. */
#define _GNU_SOURCE
#include "support.h"

static pid_t start_receiver(int msqid)
{
    pid_t pid = fork_child();
    if (pid == 0) {
        struct message message;
        errno = 0;
        ssize_t length = msgrcv(msqid, &message, TEXT_SIZE, 2, 0);
        leave_child(length >= 0 ? (int)length : 100 + (errno == EINVAL));
    }
    WAIT_UNTIL(asleep_in_call(pid, pid));
    CHECK_EQ(kill(pid, SIGSTOP), 0);
    WAIT_UNTIL(task_state(pid, pid) == 'T');
    return pid;
}

int main(void)
{
    int msqid = new_queue(test_key(), 0600);

    pid_t pid = start_receiver(msqid);
    CHECK_EQ(kill(pid, SIGCONT), 0);
    WAIT_UNTIL(asleep_in_call(pid, pid));
    printf("continued, it sleeps again\n");
    send_text(msqid, 2, "after");
    CHECK_EQ(exit_status_of(pid), 5);
    printf("it received 5 bytes\n");

    pid = start_receiver(msqid);
    send_text(msqid, 2, "meanwhile");
    CHECK_EQ(stat_of(msqid).msg_qnum, 1);
    printf("stopped, it leaves the message in the queue\n");
    CHECK_EQ(kill(pid, SIGCONT), 0);
    CHECK_EQ(exit_status_of(pid), 9);
    printf("it received 9 bytes\n");

    pid = start_receiver(msqid);
    CHECK_EQ(msgctl(msqid, IPC_RMID, NULL), 0);
    CHECK_EQ(kill(pid, SIGCONT), 0);
    CHECK_EQ(exit_status_of(pid), 101);
    printf("removed while it was stopped: EINVAL\n");
    return 0;
}
