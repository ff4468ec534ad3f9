/* With IPC_NOWAIT msgrcv gives ENOMSG where nothing matches. */
#define _GNU_SOURCE
#include "support.h"

int main(void)
{
    int msqid = new_queue(test_key(), 0600);
    struct message message = {.mtype = -5, .mtext = "untouched"};
    FAILS(ENOMSG, msgrcv(msqid, &message, TEXT_SIZE, 0, IPC_NOWAIT));
    FAILS(ENOMSG, msgrcv(msqid, &message, TEXT_SIZE, 1, IPC_NOWAIT));
    FAILS(ENOMSG, msgrcv(msqid, &message, TEXT_SIZE, -1, IPC_NOWAIT));
    send_text(msqid, 2, "two");
    FAILS(ENOMSG, msgrcv(msqid, &message, TEXT_SIZE, 1, IPC_NOWAIT));
    FAILS(EINVAL, msgrcv(-1, &message, TEXT_SIZE, 0, IPC_NOWAIT));
    FAILS(EINVAL, msgrcv(INT_MAX, &message, TEXT_SIZE, 0, IPC_NOWAIT));
    CHECK_EQ(message.mtype, -5);
    CHECK(strcmp(message.mtext, "untouched") == 0);
    printf("the buffer is untouched\n");
    return 0;
}
