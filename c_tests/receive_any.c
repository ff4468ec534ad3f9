/* mtype 0 receives the oldest message. */
#define _GNU_SOURCE
#include "support.h"

int main(void)
{
    int msqid = new_queue(test_key(), 0600);
    send_text(msqid, 3, "three");
    send_text(msqid, 1, "one");
    send_text(msqid, 2, "two");
    for (int i = 0; i < 3; i++)
        show_received(msqid, TEXT_SIZE, 0, 0);
    return 0;
}
