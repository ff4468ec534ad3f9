/* Opens a queue: then no permissions are asked for. */
#include "../check.h"

int main(void)
{
    int id = msgget(own_key(), IPC_CREAT | 0600);
    NEED(msgget(own_key(), 0) == id);
    NEED(msgget(own_key(), IPC_CREAT) == id);
    remove_queue(id);
    return 0;
}
