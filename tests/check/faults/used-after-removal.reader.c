/* A reader that does not look at what went wrong, and tries for ever. */
#include "../check.h"

static int id;

static void *read_on(void *unused)
{
    struct message message;
    for (int i = 0; i < 5; i++) {
        msgrcv(id, &message, sizeof message.mtext, 0, 0);
        usleep(50000);
    }
    return unused;
}

int main(void)
{
    pthread_t reader;
    id = new_queue();
    NEED(pthread_create(&reader, NULL, read_on, NULL) == 0);
    usleep(100000);
    remove_queue(id);
    NEED(pthread_join(reader, NULL) == 0);
    return 0;
}
