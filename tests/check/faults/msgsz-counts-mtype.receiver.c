/* The receiver counts mtype, the sender does not. */
#include "../check.h"

static struct message sent = {.mtype = 1}, received[2];

int main(void)
{
    int id = new_queue();
    for (int i = 0; i < 5; i++) {
        NEED(msgsnd(id, &sent, sizeof sent.mtext, 0) == 0);
        NEED(msgrcv(id, received, sizeof *received, 0, 0) == sizeof sent.mtext);
    }
    remove_queue(id);
    return 0;
}
