#include "../check.h"

int main(void)
{
    int id = new_queue();
    struct message *message = malloc(sizeof *message);
    NEED(message);
    NEED(msgrcv(id, message, sizeof *message, 0, IPC_NOWAIT) == -1 && errno == ENOMSG);
    free(message);
    remove_queue(id);
    return 0;
}
