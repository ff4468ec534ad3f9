/* MSG_EXCEPT receives the oldest message of any other type. */
#define _GNU_SOURCE
#include "support.h"

int main(void)
{
    int msqid = new_queue(test_key(), 0600);
    struct message message;
    send_text(msqid, 1, "one");
    send_text(msqid, 2, "two");
    send_text(msqid, 3, "three");
    send_text(msqid, 1, "another one");
    show_received(msqid, TEXT_SIZE, 1, MSG_EXCEPT);
    show_received(msqid, TEXT_SIZE, 1, MSG_EXCEPT);
    FAILS(ENOMSG, msgrcv(msqid, &message, TEXT_SIZE, 1, MSG_EXCEPT | IPC_NOWAIT));
    /* It means nothing to 0 and to negative types. */
    show_received(msqid, TEXT_SIZE, 0, MSG_EXCEPT);
    send_text(msqid, 4, "four");
    show_received(msqid, TEXT_SIZE, -2, MSG_EXCEPT);
    show_received(msqid, TEXT_SIZE, 1, MSG_EXCEPT);
    return 0;
}
