/* MSG_NOERROR cuts a message that is too big; what was cut off is gone. */
#define _GNU_SOURCE
#include "support.h"

int main(void)
{
    int msqid = new_queue(test_key(), 0600);
    send_text(msqid, 1, "a long message");
    send_text(msqid, 1, "short");
    send_text(msqid, 1, "nothing of this");
    show_received(msqid, 6, 0, MSG_NOERROR);
    show_received(msqid, 6, 0, MSG_NOERROR);
    show_received(msqid, 0, 0, MSG_NOERROR);
    struct msqid_ds ds = stat_of(msqid);
    printf("left: %lu messages, %lu bytes\n", (unsigned long)ds.msg_qnum,
           (unsigned long)ds.__msg_cbytes);
    CHECK_EQ(ds.msg_qnum, 0);
    CHECK_EQ(ds.__msg_cbytes, 0);
    return 0;
}
