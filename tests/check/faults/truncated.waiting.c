/* The message comes while msgrcv waits, and is never counted in the queue. */
#include "../check.h"

static int id;

static void *send_later(void *unused)
{
    struct message message = {.mtype = 1};
    usleep(100000);
    NEED(msgsnd(id, &message, 50, 0) == 0);
    return unused;
}

int main(void)
{
    pthread_t thread;
    struct message message;
    id = new_queue();
    NEED(pthread_create(&thread, NULL, send_later, NULL) == 0);
    NEED(msgrcv(id, &message, 20, 0, MSG_NOERROR) == 20);
    NEED(pthread_join(thread, NULL) == 0);
    remove_queue(id);
    return 0;
}
