#include "../check.h"

int main(void)
{
    int id = new_queue();
    struct message *message = malloc(sizeof(long) + 1024);
    NEED(message);
    NEED(msgrcv(id, message, 1024, 0, IPC_NOWAIT) == -1 && errno == ENOMSG);
    free(message);
    static char variable[64];
    NEED(msgrcv(id, variable, 56, 0, IPC_NOWAIT) == -1 && errno == ENOMSG);
    remove_queue(id);
    return 0;
}
