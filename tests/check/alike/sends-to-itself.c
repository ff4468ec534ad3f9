/* A thread, and later a child, make room. */
#include "../check.h"

static int id;

static void *read_some(void *unused)
{
    struct message message;
    for (int i = 0; i < 300; i++) {
        if (i % 100 == 0)
            usleep(50000);
        NEED(msgrcv(id, &message, sizeof message.mtext, 0, 0) != -1);
    }
    return unused;
}

static void send_some(void)
{
    struct message message = {.mtype = 1};
    for (int i = 0; i < 300; i++)
        NEED(msgsnd(id, &message, sizeof message.mtext, 0) == 0);
}

int main(void)
{
    pthread_t thread;
    id = new_queue();
    NEED(pthread_create(&thread, NULL, read_some, NULL) == 0);
    send_some();
    NEED(pthread_join(thread, NULL) == 0);
    pid_t child = fork();
    if (child == 0) {
        read_some(NULL);
        _exit(0);
    }
    send_some();
    wait_for(child);
    remove_queue(id);
    return 0;
}
