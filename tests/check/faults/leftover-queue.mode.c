/* The same, and the permissions are not those that are asked for now. */
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
    int id = msgget(key, IPC_CREAT | 0666);
    NEED(id != -1 || errno == EACCES);
    remove_queue(msgget(key, 0));
    return 0;
}
