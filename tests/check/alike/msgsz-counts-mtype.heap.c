/* Blocks that are as big as they have to be, just so, and messages inside of blocks. */
#include "../check.h"

struct session {
    char name[24];
    size_t looks_like_a_block;
    struct message message;
    char rest[4000];
};

int main(void)
{
    int id = new_queue();
    for (size_t size = 0; size < 600; size++) {
        struct message *message = malloc(sizeof(long) + size);
        NEED(message);
        message->mtype = 1;
        NEED(msgsnd(id, message, size, 0) == 0);
        NEED(msgrcv(id, message, size, 0, 0) == (ssize_t)size);
        free(message);
    }
    struct session *session = calloc(2, sizeof *session);
    NEED(session);
    for (int i = 0; i < 2; i++) {
        session[i].looks_like_a_block = 0x31;
        session[i].message.mtype = 1;
        NEED(msgsnd(id, &session[i].message, 2000, 0) == 0);
        NEED(msgrcv(id, &session[i].message, 2000, 0, 0) == 2000);
    }
    free(session);
    remove_queue(id);
    return 0;
}
