/* MSG_COPY reads the message at a position and leaves it in the queue. */
#define _GNU_SOURCE
#include "support.h"

/* Not in every kernel: then every position is ENOSYS, and that is all there is to see. */
static bool copies(int msqid)
{
    struct message message;
    memset(&message, 0, sizeof message);
    if (msgrcv(msqid, &message, TEXT_SIZE, 0, MSG_COPY | IPC_NOWAIT) != -1 || errno != ENOSYS)
        return true;
    printf("not tried: this kernel has no MSG_COPY\n");
    return false;
}

int main(void)
{
    int msqid = new_queue(test_key(), 0600);
    struct message message;
    memset(&message, 0, sizeof message);
    send_text(msqid, 5, "at 0");
    send_text(msqid, 4, "at position 1");
    send_text(msqid, 3, "at 2");

    /* Told even where the kernel has it not. */
    FAILS(EINVAL, msgrcv(msqid, &message, TEXT_SIZE, 0, MSG_COPY));
    FAILS(EINVAL, msgrcv(msqid, &message, TEXT_SIZE, 0, MSG_COPY | MSG_EXCEPT | IPC_NOWAIT));
    if (!copies(msqid))
        return 0;

    struct msqid_ds before = stat_of(msqid);
    for (long position = 2; position >= 0; position--)
        show_received(msqid, TEXT_SIZE, position, MSG_COPY | IPC_NOWAIT);
    FAILS(ENOMSG, msgrcv(msqid, &message, TEXT_SIZE, 3, MSG_COPY | IPC_NOWAIT));
    FAILS(ENOMSG, msgrcv(msqid, &message, TEXT_SIZE, -1, MSG_COPY | IPC_NOWAIT));
    FAILS(E2BIG, msgrcv(msqid, &message, 5, 1, MSG_COPY | IPC_NOWAIT));
    FAILS(EINVAL, msgrcv(msqid, &message, 5, 1, MSG_COPY | IPC_NOWAIT | MSG_NOERROR));

    struct msqid_ds after = stat_of(msqid);
    CHECK_EQ(after.msg_qnum, 3);
    CHECK_EQ(after.__msg_cbytes, before.__msg_cbytes);
    CHECK_EQ(after.msg_rtime, 0);
    CHECK_EQ(after.msg_lrpid, 0);
    printf("the queue is as it was\n");
    for (int i = 0; i < 3; i++)
        show_received(msqid, TEXT_SIZE, 0, IPC_NOWAIT);
    return 0;
}
