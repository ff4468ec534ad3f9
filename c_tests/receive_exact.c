/* A positive mtype receives the oldest message of that type. */
#define _GNU_SOURCE
#include "support.h"

int main(void)
{
    int msqid = new_queue(test_key(), 0600);
    struct message message;
    send_text(msqid, 1, "one");
    send_text(msqid, 2, "two");
    send_text(msqid, 1, "another one");
    send_text(msqid, 2, "another two");
    show_received(msqid, TEXT_SIZE, 2, 0);
    show_received(msqid, TEXT_SIZE, 2, 0);
    FAILS(ENOMSG, msgrcv(msqid, &message, TEXT_SIZE, 2, IPC_NOWAIT));
    FAILS(ENOMSG, msgrcv(msqid, &message, TEXT_SIZE, 3, IPC_NOWAIT));
    show_received(msqid, TEXT_SIZE, 1, 0);
    show_received(msqid, TEXT_SIZE, 1, 0);
    return 0;
}
