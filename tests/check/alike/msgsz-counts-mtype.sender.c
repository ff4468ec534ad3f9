/* The buffer is too small, by another number. */
#include "../check.h"

static struct message sent[2] = {{.mtype = 1}}, received[2];

int main(void)
{
    int id = new_queue();
    for (size_t more = 1; more < 20; more++) {
        if (more == sizeof(long))
            continue;
        NEED(msgsnd(id, sent, 40 + more, 0) == 0);
        NEED(msgrcv(id, received, 40, 0, 0) == -1 && errno == E2BIG);
        NEED(msgrcv(id, received, 60, 0, 0) == (ssize_t)(40 + more));
    }
    remove_queue(id);
    return 0;
}
