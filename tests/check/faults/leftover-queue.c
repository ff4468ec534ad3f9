/* An earlier run was killed, and its queue is still there. */
#include "../check.h"

int main(void)
{
    key_t key = own_key();
    pid_t earlier = fork();
    if (earlier == 0) {
        struct message message = {.mtype = 1};
        int id = msgget(key, IPC_CREAT | 0600);
        _exit(id == -1 || msgsnd(id, &message, 5, 0) == -1);
    }
    wait_for(earlier);
    NEED(msgget(key, IPC_CREAT | IPC_EXCL | 0600) == -1 && errno == EEXIST);
    remove_queue(msgget(key, 0));
    return 0;
}
