/* One part of a program, which opens what it finds. */
#include "../check.h"

static int queue(void)
{
    int id = msgget(own_key(), IPC_CREAT | IPC_EXCL | 0600);
    return id == -1 && errno == EEXIST ? msgget(own_key(), 0600) : id;
}

int main(void)
{
    int first = -1;
    for (int i = 0; i < 2; i++) {
        int id = queue();
        NEED(id != -1 && (first == -1 || first == id));
        first = id;
    }
    remove_queue(first);
    return 0;
}
