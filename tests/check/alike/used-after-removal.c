/* A receiver waits, and the removal of the queue tells it to end. */
#include "../check.h"

static int id;

static void *end_it(void *unused)
{
    usleep(100000);
    remove_queue(id);
    return unused;
}

int main(void)
{
    pthread_t thread;
    struct message message;
    id = new_queue();
    NEED(pthread_create(&thread, NULL, end_it, NULL) == 0);
    NEED(msgrcv(id, &message, sizeof message.mtext, 0, 0) == -1 && errno == EIDRM);
    NEED(pthread_join(thread, NULL) == 0);
    /* Harmless, and usual in code that cleans up. */
    NEED(msgctl(id, IPC_RMID, NULL) == -1);
    return 0;
}
