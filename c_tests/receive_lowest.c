/* A negative mtype receives the lowest type up to its absolute value, oldest first. */
#define _GNU_SOURCE
#include "support.h"

int main(void)
{
    int msqid = new_queue(test_key(), 0600);
    struct message message;
    send_text(msqid, 9, "nine");
    send_text(msqid, 5, "five");
    send_text(msqid, 3, "three");
    send_text(msqid, 5, "another five");
    send_text(msqid, 3, "another three");
    FAILS(ENOMSG, msgrcv(msqid, &message, TEXT_SIZE, -2, IPC_NOWAIT));
    for (int i = 0; i < 4; i++)
        show_received(msqid, TEXT_SIZE, -5, 0);
    FAILS(ENOMSG, msgrcv(msqid, &message, TEXT_SIZE, -8, IPC_NOWAIT));
    show_received(msqid, TEXT_SIZE, LONG_MIN, 0);
    send_text(msqid, LONG_MAX, "the highest of all");
    FAILS(ENOMSG, msgrcv(msqid, &message, TEXT_SIZE, -LONG_MAX + 1, IPC_NOWAIT));
    show_received(msqid, TEXT_SIZE, LONG_MIN, 0);
    return 0;
}
