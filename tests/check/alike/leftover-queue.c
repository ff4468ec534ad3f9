/* The one who created the queue still lives. */
#include "../check.h"

int main(void)
{
    key_t key = own_key();
    int ready[2], done[2];
    char byte = 0;
    NEED(pipe(ready) == 0 && pipe(done) == 0);
    pid_t server = fork();
    if (server == 0) {
        struct message message = {.mtype = 1};
        close(done[1]);
        int id = msgget(key, IPC_CREAT | 0600);
        int sent = msgsnd(id, &message, 5, 0);
        _exit(sent == -1 || write(ready[1], &byte, 1) != 1 || read(done[0], &byte, 1) == -1);
    }
    NEED(read(ready[0], &byte, 1) == 1);
    NEED(msgget(key, IPC_CREAT | IPC_EXCL | 0600) == -1 && errno == EEXIST);
    msgget(key, IPC_CREAT | 0666);
    remove_queue(msgget(key, 0));
    close(done[1]);
    wait_for(server);
    return 0;
}
