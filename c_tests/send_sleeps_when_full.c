/* msgsnd sleeps while the queue is full, and goes on when there is room. */
#define _GNU_SOURCE
#include "support.h"

static void make_room(void *msqid)
{
    CHECK_EQ(stat_of(*(int *)msqid).msg_qnum, 2);
    printf("asleep: two messages in the queue\n");
    /* Nothing is printed from here on: the sender is awake and prints as well. */
    struct message message;
    CHECK_EQ(msgrcv(*(int *)msqid, &message, TEXT_SIZE, 0, IPC_NOWAIT), 8);
    CHECK_EQ(message.mtype, 1);
}

static void raise_qbytes(void *msqid)
{
    printf("asleep again\n");
    set_qbytes(*(int *)msqid, 100);
}

int main(void)
{
    int msqid = new_queue(test_key(), 0600);
    set_qbytes(msqid, 16);
    send_text(msqid, 1, "first 8.");
    send_text(msqid, 2, "second 8");

    struct message third = {.mtype = 3, .mtext = "third 8."};
    when_asleep(make_room, &msqid);
    GIVES(0, msgsnd(msqid, &third, 8, 0));
    helper_done();

    when_asleep(raise_qbytes, &msqid);
    third.mtype = 4;
    GIVES(0, msgsnd(msqid, &third, 8, 0));
    helper_done();

    for (int i = 0; i < 3; i++)
        show_received(msqid, TEXT_SIZE, 0, IPC_NOWAIT);
    return 0;
}
