/* One buffer for everything that comes; the messages of the last queue happen to leave 8 bytes of it. */
#include "../check.h"

#define SIZE 128

static char sent[sizeof(long) + SIZE], received[sizeof(long) + SIZE];

int main(void)
{
    const long mtype = 1;
    memcpy(sent, &mtype, sizeof mtype);
    for (size_t size = 1; size <= SIZE - sizeof(long); size++) {
        int id = new_queue();
        for (int i = 0; i < 5; i++) {
            NEED(msgsnd(id, sent, size, 0) == 0);
            NEED(msgrcv(id, received, SIZE, 0, 0) == (ssize_t)size);
        }
        remove_queue(id);
    }
    return 0;
}
