/* msgrcv sleeps until a message of its type comes, whatever else comes before. */
#define _GNU_SOURCE
#include "support.h"

static void send_two(void *msqid)
{
    printf("asleep\n");
    send_text(*(int *)msqid, 1, "not this");
    WAIT_UNTIL(asleep_in_call(getpid(), getpid()));
    printf("asleep still\n");
    send_text(*(int *)msqid, 2, "this");
}

int main(void)
{
    int msqid = new_queue(test_key(), 0600);
    when_asleep(send_two, &msqid);
    show_received(msqid, TEXT_SIZE, 2, 0);
    helper_done();
    show_received(msqid, TEXT_SIZE, 0, IPC_NOWAIT);
    return 0;
}
