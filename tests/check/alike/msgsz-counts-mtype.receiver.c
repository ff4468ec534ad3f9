/* Messages of many lengths, one of which leaves just 8 bytes of the buffer. */
#include "../check.h"

static struct message sent = {.mtype = 1}, received[2];

int main(void)
{
    int id = new_queue();
    for (int i = 0; i < 20; i++) {
        size_t size = i % 3 == 1 ? 41 : 56;
        NEED(msgsnd(id, &sent, size, 0) == 0);
        NEED(msgrcv(id, received, 64, 0, 0) == (ssize_t)size);
    }
    remove_queue(id);
    return 0;
}
