#include "../check.h"

int main(void)
{
    int id = new_queue();
    struct message *message = malloc(sizeof *message);
    NEED(message);
    message->mtype = 1;
    NEED(msgsnd(id, message, sizeof *message, 0) == 0);
    free(message);
    remove_queue(id);
    return 0;
}
