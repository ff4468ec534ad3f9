/* Processes that wait for the same messages get them in the order in which they came. */
#define _GNU_SOURCE
#include "support.h"

#define RECEIVERS 5

static int receive_number(int msqid)
{
    struct message message;
    CHECK_EQ(msgrcv(msqid, &message, TEXT_SIZE, 0, 0), 1);
    return message.mtext[0] - '0';
}

int main(void)
{
    int msqid = new_queue(test_key(), 0600);
    for (int round = 0; round < 2; round++) {
        pid_t pids[RECEIVERS];
        for (int i = 0; i < RECEIVERS; i++) {
            pids[i] = fork_child();
            if (pids[i] == 0)
                leave_child(receive_number(msqid));
            WAIT_UNTIL(asleep_in_call(pids[i], pids[i]));
        }
        for (int i = 0; i < RECEIVERS; i++) {
            char number[] = {(char)('1' + i), '\0'};
            send_text(msqid, 1, number);
            /* Now all five are there at once, now each is awake before the next is served. */
            if (round == 1)
                WAIT_UNTIL(task_state(pids[i], pids[i]) == 'Z');
        }
        for (int i = 0; i < RECEIVERS; i++) {
            int number = exit_status_of(pids[i]);
            printf("process %d got message %d\n", i + 1, number);
            CHECK_EQ(number, i + 1);
        }
    }
    return 0;
}
