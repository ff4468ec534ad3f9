/* Workers that wait, each of which takes a bigger buffer when the message is too big for the one it
   has. One message is too big for all of them. */
#include "../check.h"

#include <sys/syscall.h>

enum { WORKERS = 5 };

static int id;
static _Atomic pid_t workers[WORKERS];
static _Atomic int received;

static void *work(void *number)
{
    struct message message;
    workers[(long)number] = (pid_t)syscall(SYS_gettid);
    ssize_t length = msgrcv(id, &message, 10, 0, 0);
    /* The message may come a moment later than the news of it. */
    while (length == -1 && (errno == E2BIG || errno == ENOMSG) && received == 0) {
        usleep(1000);
        length = msgrcv(id, &message, sizeof message.mtext, 0, IPC_NOWAIT);
    }
    received += length == 50;
    return number;
}

static int sleeps(pid_t thread)
{
    char path[64], state = 0;
    snprintf(path, sizeof path, "/proc/self/task/%d/stat", thread);
    FILE *file = thread ? fopen(path, "r") : NULL;
    if (!file)
        return 0;
    NEED(fscanf(file, "%*d (%*[^)]) %c", &state) == 1);
    fclose(file);
    return state == 'S';
}

int main(void)
{
    pthread_t threads[WORKERS];
    struct message message = {.mtype = 1};
    id = new_queue();
    for (long i = 0; i < WORKERS; i++)
        NEED(pthread_create(&threads[i], NULL, work, (void *)i) == 0);
    for (int i = 0; i < WORKERS; i++)
        while (!sleeps(workers[i]))
            usleep(1000);
    NEED(msgsnd(id, &message, 50, 0) == 0);
    for (int i = 0; i < WORKERS; i++)
        NEED(pthread_join(threads[i], NULL) == 0);
    NEED(received == 1);
    remove_queue(id);
    return 0;
}
