/* A process that was killed while it waited gets no message any more: the living get them. */
#define _GNU_SOURCE
#include "support.h"

#define ROUNDS 20
#define KILLED 3

static pid_t wait_for_a_message(int msqid)
{
    pid_t pid = fork_child();
    if (pid == 0) {
        struct message message;
        CHECK_EQ(msgrcv(msqid, &message, TEXT_SIZE, 0, 0), 9);
        leave_child(memcmp(message.mtext, "to anyone", 9) != 0);
    }
    WAIT_UNTIL(asleep_in_call(pid, pid));
    return pid;
}

static void kill_and_bury(pid_t pid)
{
    CHECK_EQ(kill(pid, SIGKILL), 0);
    CHECK_EQ(exit_status_of(pid), -1);
}

int main(void)
{
    struct message message;
    int msqid = new_queue(test_key(), 0600);
    for (int round = 0; round < ROUNDS; round++) {
        pid_t pids[KILLED];
        for (int i = 0; i < KILLED; i++)
            pids[i] = wait_for_a_message(msqid);
        for (int i = 0; i < KILLED; i++)
            kill_and_bury(pids[i]);
        send_text(msqid, 1, "to anyone");
        CHECK_EQ(stat_of(msqid).msg_qnum, 1);
        CHECK_EQ(msgrcv(msqid, &message, TEXT_SIZE, 0, IPC_NOWAIT), 9);
    }
    printf("messages stayed when all who waited were dead\n");

    for (int round = 0; round < ROUNDS; round++) {
        pid_t first = wait_for_a_message(msqid), second = wait_for_a_message(msqid);
        kill_and_bury(first);
        send_text(msqid, 1, "to anyone");
        CHECK_EQ(exit_status_of(second), 0);
    }
    printf("the next in line got them when the first was dead\n");
    CHECK_EQ(stat_of(msqid).msg_qnum, 0);
    return 0;
}
