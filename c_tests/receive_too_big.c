/* A message above msgsz is E2BIG and stays; no other is taken in its place. */
#define _GNU_SOURCE
#include "support.h"

int main(void)
{
    int msqid = new_queue(test_key(), 0600);
    struct message message;
    memset(&message, '.', sizeof message);
    send_text(msqid, 1, "eight...");
    send_text(msqid, 1, "two");
    FAILS(E2BIG, msgrcv(msqid, &message, 7, 0, 0));
    FAILS(E2BIG, msgrcv(msqid, &message, 0, 1, IPC_NOWAIT));
    CHECK_EQ(message.mtext[0], '.');
    CHECK_EQ(stat_of(msqid).msg_qnum, 2);
    printf("both are still there\n");
    show_received(msqid, 8, 0, 0);
    show_received(msqid, 8, 0, 0);
    return 0;
}
