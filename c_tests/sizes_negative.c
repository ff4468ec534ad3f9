/* A msgsz that is negative as a long is EINVAL for msgsnd and msgrcv. */
#define _GNU_SOURCE
#include "support.h"

int main(void)
{
    int msqid = new_queue(test_key(), 0600);
    struct message message = {.mtype = 1};
    FAILS(EINVAL, msgsnd(msqid, &message, (size_t)-1, 0));
    FAILS(EINVAL, msgsnd(msqid, &message, (size_t)LONG_MIN, IPC_NOWAIT));
    send_text(msqid, 1, "stays");
    FAILS(EINVAL, msgrcv(msqid, &message, (size_t)-1, 0, 0));
    FAILS(EINVAL, msgrcv(msqid, &message, (size_t)LONG_MIN, 0, IPC_NOWAIT));
    FAILS(EINVAL, msgrcv(msqid, &message, (size_t)-1, 0, IPC_NOWAIT | MSG_NOERROR));
    show_received(msqid, TEXT_SIZE, 0, IPC_NOWAIT);
    return 0;
}
