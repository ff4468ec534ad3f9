/* The sender counts mtype, the receiver does not: its buffer is 8 bytes too small. */
#include "../check.h"

static struct message sent[2] = {{.mtype = 1}}, received[2];

int main(void)
{
    int id = new_queue();
    pid_t sender = fork();
    if (sender == 0)
        _exit(msgsnd(id, sent, sizeof *sent, 0) == -1);
    wait_for(sender);
    NEED(msgrcv(id, received, sizeof received->mtext, 0, 0) == -1 && errno == E2BIG);
    remove_queue(id);
    return 0;
}
