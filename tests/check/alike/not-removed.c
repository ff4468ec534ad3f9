/* The process that creates the queue ends before the one that removes it. */
#include "../check.h"

int main(void)
{
    int done[2];
    char byte;
    NEED(pipe(done) == 0);
    pid_t creator = fork();
    if (creator == 0) {
        int id = new_queue();
        pid_t server = fork();
        if (server == 0) {
            close(done[0]);
            usleep(100000);
            exit(msgctl(id, IPC_RMID, NULL) == -1);
        }
        exit(server == -1);
    }
    close(done[1]);
    wait_for(creator);
    /* The server has ended. */
    NEED(read(done[0], &byte, 1) == 0);
    return 0;
}
